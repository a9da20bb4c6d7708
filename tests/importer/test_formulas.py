"""Files that spreadsheets open and give back: no cell is a formula, and each comes back as it was."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.admin.exports import ExportPeriod, csv_pieces
from app.catalog.importer.cells import Repair
from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.spreadsheets import guarded, unguarded
from tests.importer.support import Catalogue, counts, isbn13

TITLES = ["+1 and Other Stories", "@War: The Rise", "-30-: The Collapse", '=HYPERLINK("http://evil.example")']
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cells_of(path: Path | None) -> list[list[str]]:
    assert path
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


@given(st.text())
def test_what_was_guarded_comes_back(text: str):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(BEGINNINGS)


@pytest.mark.parametrize(
    "text", ["'=1", "''=1", "' =1", "'\"=1", "'", "''", "'tis", "'Salem's Lot", "=1", "a'=1", ""]
)
def test_apostrophes_of_the_text_itself_come_back(text: str):
    """Seen to fail with a pattern that knows no apostrophes among the quotes."""
    assert unguarded(guarded(text)) == text


async def test_no_rejected_cell_is_a_formula(catalogue: Catalogue):
    """Seen to fail without the guard of the cells, and of the header."""
    rows = [[title, "=cmd|' /C calc'!A0", "-5", "@x"] for title in TITLES]
    path = catalogue.folder / "books.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["title", "author", "price", "=note"], *rows])
    report = await catalogue.load(path)
    assert report.rejected == len(rows)
    header, *written = cells_of(report.rejects_path)
    assert header == ["line", "reason", "title", "author", "price", "'=note"]
    assert [cell for row in written for cell in row if cell.startswith(BEGINNINGS)] == []
    assert [[unguarded(cell) for cell in row[2:]] for row in written] == rows


async def test_a_line_that_could_not_be_taken_apart_is_no_formula_either(catalogue: Catalogue):
    report = await catalogue.load('title,author,price\n=1+1,X,3,4\n"=2"x,X,3\nA,X,3\n')
    assert counts(report) == (1, 0, 0, 2)
    assert [row[2] for row in cells_of(report.rejects_path)[1:]] == ["'=1+1,X,3,4", '\'"=2"x,X,3']


async def test_an_apostrophe_that_was_no_guard_is_told(catalogue: Catalogue):
    """Nobody can know which it is, in a file from elsewhere; so the report names what was taken off."""
    report = await catalogue.load("title,author,price\n'-ing' It,A,3\n")
    assert await catalogue.books("title") == [("-ing' It",)]
    assert report.repair_samples == {Repair.GUARD: [(2, "'-ing' It")]}


async def test_rejected_rows_that_were_mended_are_imported_as_they_were_meant(catalogue: Catalogue):
    """Seen to fail (titles with an apostrophe) without it being taken off, and (two of them) with it put on twice."""
    path = catalogue.folder / "books.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["title", "author", "price"], *([title, "-X", "0"] for title in TITLES)])
    rejected = (await catalogue.load(path)).rejects_path
    assert rejected
    once_more = (await catalogue.load(rejected)).rejects_path
    assert [row[4:] for row in cells_of(once_more)] == [row[2:] for row in cells_of(rejected)]
    rejected.write_text(rejected.read_text().replace("'-X,0", "'-X,7"))
    report = await catalogue.load(rejected)
    assert counts(report) == (len(TITLES), 0, 0, 0)
    assert await catalogue.books("title, author") == [(title, "-X") for title in TITLES]
    assert report.repairs == {Repair.GUARD: 2 * len(TITLES)}
    assert counts(await catalogue.load(rejected)) == (0, 0, len(TITLES), 0)


async def test_a_price_below_nothing_is_refused_for_what_it_is(catalogue: Catalogue):
    """Seen to fail (`price is not a number`) with the guard taken off texts alone."""
    rejected = (await catalogue.load("title,author,price\nA,X,-5\n")).rejects_path
    assert rejected
    again = await catalogue.load(rejected)
    assert [note.text for note in again.rejection_samples] == ["price must be above 0"]


async def test_a_column_whose_name_is_a_formula_can_be_named(catalogue: Catalogue):
    """Seen to fail (no such column) without the guard taken off the header."""
    rejected = (await catalogue.load("title,author,=cost\nA,X,0\n", mapping={"=cost": "price"})).rejects_path
    assert rejected
    rejected.write_text(rejected.read_text().replace("A,X,0", "A,X,4"))
    assert counts(await catalogue.load(rejected, mapping={"=cost": "price"})) == (1, 0, 0, 0)


async def test_an_export_that_is_imported_changes_nothing(catalogue: Catalogue, database_url: str):
    """Twice: no book is there twice, and no apostrophe more. Seen to fail (books more) without it being taken off."""
    titles = [*TITLES, "'-ing' It"]
    for title, isbn in zip(titles, [isbn13(1), None, isbn13(2), None, None], strict=True):
        book = "INSERT INTO books (title, author, price, isbn, description) VALUES ($1, '=A', 9.90, $2, $3)"
        await catalogue.execute(book, title, isbn, "- first\n- second")
    before = await catalogue.books("title, author, isbn, description, stock_quantity")
    for number in range(2):
        exported = catalogue.folder / f"export-{number}.csv"
        exported.write_bytes(await export(database_url))
        assert counts(await catalogue.load(exported)) == (0, 0, len(titles), 0)
        assert await catalogue.books("title, author, isbn, description, stock_quantity") == before


async def export(database_url: str) -> bytes:
    """What `bookstore export books` writes."""
    engine = make_engine(database_url, Settings(env="test"))
    try:
        async with engine.connect() as connection:
            return b"".join([piece async for piece in csv_pieces(connection, "books", ExportPeriod())])
    finally:
        await engine.dispose()
