"""An invented file with the damage that spreadsheets and dumps do, and the real one that has it all."""

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.catalog.importer.cells import Repair
from tests.importer.support import counts, isbn10, isbn13

GOODBOOKS = Path(os.environ.get("BOOKSTORE_GOODBOOKS", "../shared/data/goodbooks/books.csv"))


def wrong(isbn: str) -> str:
    return isbn[:-1] + str((int(isbn[-1].replace("X", "10")) + 1) % 10)


def damaged_rows() -> Iterator[dict[str, object]]:
    for number in range(300):
        isbn = isbn10(1_000_000 + number * 37)
        yield {
            "book_id": number,
            "isbn": {0: "", 1: wrong(isbn)}.get(number % 20, isbn.lstrip("0")),
            "isbn13": f"{int(isbn13(1_000_000 + number * 37)):.11e}",
            "authors": ", ".join(f"Writer Number{index}" for index in range(30 if number % 100 == 7 else 2)),
            "original_publication_year": {3: "", 4: "-380.0"}.get(number % 30, f"{1800 + number % 200}.0"),
            "original_title": "",
            "title": f"Invented Thing {number} (The Series, #{number})",
            "image_url": "https://gone.example/x.jpg",
        }


async def test_damage_is_repaired_and_told(catalogue):
    path = catalogue.write_rows(damaged_rows())
    report = await catalogue.load(path, default_price=Decimal("12.99"), default_stock=5, batch_size=70)
    assert counts(report) == (300, 0, 0, 0)
    assert report.repairs == {
        Repair.ISBN_ZEROS: 270,
        Repair.ISBN_WRONG: 15,
        Repair.ISBN_SCIENTIFIC: 15,
        Repair.AUTHOR_CUT: 3,
        Repair.YEAR_BEFORE_1: 10,
    }
    assert await catalogue.fetch(
        "SELECT count(*), count(isbn), count(publish_date), count(cover_image_url), min(stock_quantity) FROM books"
    ) == [(300, 270, 280, 0, 5)]
    assert await catalogue.fetch("SELECT title FROM books WHERE isbn = $1", isbn13(1_000_000 + 2 * 37)) == [
        ("Invented Thing 2 (The Series, #2)",)
    ]
    again = await catalogue.load(path, default_price=Decimal("9.99"), default_stock=1, batch_size=80)
    assert counts(again) == (0, 0, 300, 0)


@pytest.mark.skipif(not GOODBOOKS.exists(), reason="the goodbooks file is not here: name it in BOOKSTORE_GOODBOOKS")
async def test_goodbooks_gives_ten_thousand_books(catalogue):
    options = {"default_price": Decimal("12.99"), "default_stock": 5}
    copy = catalogue.copy(GOODBOOKS)  # the report writes rejects beside the file
    report = await catalogue.load(copy, **options)
    assert counts(report) == (10_000, 0, 0, 0)
    assert report.repairs[Repair.ISBN_WRONG] == 23
    assert report.repairs[Repair.AUTHOR_CUT] == 6
    assert report.repairs[Repair.YEAR_BEFORE_1] == 31
    assert await catalogue.fetch("SELECT count(*), count(isbn), sum(stock_quantity) FROM books") == [
        (10_000, 9_277, 50_000)
    ]
    assert counts(await catalogue.load(copy, **options)) == (0, 0, 10_000, 0)
