"""What an import leaves in the catalogue."""

import csv
from datetime import date
from decimal import Decimal

import pytest

from app.catalog.importer import ImportFailed
from tests.importer.support import counts, isbn10, isbn13


async def test_every_field_arrives(catalogue):
    await catalogue.load(
        "title,author,price,isbn,description,cover,published,stock,genre\n"
        f'  The  Hobbit ,J.R.R. Tolkien,"12,99",{isbn10(7)},"One\nTwo",https://x.example/a.png,1937.0,3,Fantasy\n'
    )
    columns = "title, author, price, isbn, description, cover_image_url, publish_date, stock_quantity, g.name"
    rows = await catalogue.fetch(f"SELECT {columns} FROM books b JOIN genres g ON g.id = b.genre_id")
    assert rows == [
        (
            "The Hobbit",
            "J.R.R. Tolkien",
            Decimal("12.99"),
            isbn13(7),
            "One\nTwo",
            "https://x.example/a.png",
            date(1937, 1, 1),
            3,
            "Fantasy",
        )
    ]


async def test_a_second_run_changes_nothing(catalogue):
    text = (
        "title,author,price,isbn,stock,genre\n"
        f"A,X,1,{isbn13(1)},4,G\n"
        f"A,X,2,{isbn13(2)},,G\n"
        "A,X,3,,0,H\n"
        "B,Y,4,bad,1,\n"
    )
    assert counts(await catalogue.load(text)) == (4, 0, 0, 0)
    before = await catalogue.fetch("SELECT * FROM books ORDER BY id")
    assert counts(await catalogue.load(text)) == (0, 0, 4, 0)
    assert await catalogue.fetch("SELECT * FROM books ORDER BY id") == before
    assert await catalogue.fetch("SELECT count(*) FROM genres") == [(2,)]


async def test_books_keep_the_order_of_the_file(catalogue):
    await catalogue.load("title,author,price\n" + "".join(f"T{n},A,1\n" for n in (5, 3, 9, 1)), batch_size=3)
    assert await catalogue.books("title") == [("T5",), ("T3",), ("T9",), ("T1",)]


async def test_books_are_matched_by_isbn_whatever_its_form(catalogue):
    await catalogue.load(f"title,author,price,isbn\nOld,X,1,{isbn13(7_700_000)}\n")
    report = await catalogue.load(f"title,author,price,isbn\nNew,Y,2,{isbn10(7_700_000).lstrip('0')}\n")
    assert counts(report) == (0, 1, 0, 0)
    assert await catalogue.books("title, author, price") == [("New", "Y", Decimal("2.00"))]


async def test_a_row_without_isbn_means_the_book_without_isbn(catalogue):
    await catalogue.load(f"title,author,price,isbn\nA,X,1,{isbn13(1)}\nA,X,2,\n")
    assert counts(await catalogue.load("title,author,price\nA,X,3\n")) == (0, 1, 0, 0)
    assert await catalogue.books("price") == [(Decimal("1.00"),), (Decimal("3.00"),)]


async def test_twins_without_isbn_made_elsewhere_are_not_both_changed(catalogue):
    await catalogue.execute("INSERT INTO books (title, author, price) VALUES ('A', 'X', 1), ('A', 'X', 1)")
    assert counts(await catalogue.load("title,author,price\nA,X,3\n")) == (0, 1, 0, 0)
    assert await catalogue.books("price") == [(Decimal("3.00"),), (Decimal("1.00"),)]


async def test_blank_cells_and_defaults_leave_an_existing_book_alone(catalogue):
    await catalogue.load("title,author,price,description,stock,genre\nA,X,5,Text,7,G\n")
    report = await catalogue.load(
        "title,author,price,description,stock,genre\nA,X,,,,\nB,X,,,,\n", default_price=Decimal(9), default_stock=2
    )
    assert counts(report) == (1, 0, 1, 0)
    assert await catalogue.books("title, price, description, stock_quantity, genre_id IS NULL") == [
        ("A", Decimal("5.00"), "Text", 7, False),
        ("B", Decimal("9.00"), None, 2, True),
    ]


async def test_only_books_that_change_are_touched(catalogue):
    await catalogue.load("title,author,price\nA,X,1\nB,X,1\n")
    before = await catalogue.books("title, updated_at, xmin::text")
    await catalogue.load("title,author,price\nA,X,1\nB,X,2\n")
    after = await catalogue.books("title, updated_at, xmin::text")
    assert after[0] == before[0]
    assert after[1][1] > before[1][1]


async def test_each_change_of_stock_is_in_the_ledger(catalogue):
    await catalogue.load("title,author,price,stock\nA,X,1,5\nB,X,1,0\nC,X,1,4\nD,X,1,2\n")
    await catalogue.load("title,author,price,stock\nA,X,1,8\nB,X,1,3\nC,X,1,0\nD,X,2,2\n")
    movements = await catalogue.fetch(
        "SELECT book_title, delta, quantity_after, kind, reason FROM stock_movements ORDER BY book_id, id"
    )
    assert movements == [
        ("A", 5, 5, "opening", None),
        ("A", 3, 8, "set", "import"),
        ("B", 3, 3, "set", "import"),
        ("C", 4, 4, "opening", None),
        ("C", -4, 0, "set", "import"),
        ("D", 2, 2, "opening", None),
    ]
    assert not await catalogue.fetch(
        "SELECT id FROM books b WHERE stock_quantity <> (SELECT coalesce(sum(delta), 0) FROM stock_movements m "
        "WHERE m.book_id = b.id)"
    )


async def test_the_caller_hears_of_books_back_in_stock_inside_the_transaction(catalogue):
    heard = []

    async def restocked(connection, book_ids):
        stock = await connection.fetch("SELECT stock_quantity FROM books WHERE id = ANY($1) ORDER BY id", book_ids)
        heard.append((list(book_ids), [record[0] for record in stock], connection.is_in_transaction()))

    first = "title,author,price,stock\nC,X,1,0\nA,X,1,0\nB,X,1,2\nD,X,1,0\n"
    await catalogue.load(first, restocked)
    assert heard == []
    await catalogue.load("title,author,price,stock\nA,X,1,5\nC,X,1,1\nB,X,1,9\nD,X,2,0\nE,X,1,3\n", restocked)
    assert heard == [([1, 2], [1, 5], True)]


async def test_a_dry_run_counts_the_same_and_stores_nothing(catalogue):
    await catalogue.load("title,author,price,stock\nA,X,1,5\nB,X,1,5\n")
    text = "title,author,price,stock,genre\nA,X,1,5,\nB,X,1,9,\nC,X,1,1,New\nC,X,2,1,New\nD,X,0,1,\n"
    before = await catalogue.fetch("SELECT xmin::text, * FROM books ORDER BY id")
    dry = await catalogue.load(text, dry_run=True, batch_size=1)
    assert await catalogue.fetch("SELECT xmin::text, * FROM books ORDER BY id") == before
    assert await catalogue.fetch("SELECT count(*) FROM genres") == [(0,)]
    assert await catalogue.fetch("SELECT count(*) FROM stock_movements WHERE kind = 'set'") == [(0,)]
    assert dry.dry_run
    assert counts(dry) == counts(await catalogue.load(text, batch_size=1)) == (1, 1, 1, 2)


async def test_the_first_row_of_a_book_counts(catalogue):
    report = await catalogue.load(
        "title,author,price,isbn\n"
        f"A,X,1,{isbn13(1)}\n"
        f"A,X,1,{isbn10(1)}\n"
        f"A again,X,2,{isbn13(1)}\n"
        "B,X,1,\n"
        "C,X,1,\n"
        "B,X,2,\n",
        batch_size=2,
    )
    assert counts(report) == (3, 0, 1, 2)
    assert [note.line for note in report.rejection_samples] == [4, 7]
    assert "duplicate of line 2" in report.rejection_samples[0].text
    assert "duplicate of line 5" in report.rejection_samples[1].text


async def test_one_bad_row_never_stops_the_rest_and_is_kept_beside_the_file(catalogue):
    report = await catalogue.load(
        "title;author;price;stock;shelf\n"
        "Good;X;1;1;a\n"
        ";X;1;1;b\n"
        "No author; ;1;1;c\n"
        'Free;X;0;1;"d;\nd"\n'
        'Broken;"X" Y;1;1;e\n'
        "Stock;X;1;-1;f\n"
        "Also good;X;1;1;g\n"
    )
    assert counts(report) == (2, 0, 0, 5)
    assert report.rows == 7
    assert report.ignored_columns == ("shelf",)
    assert report.rejects_path == catalogue.folder / "books.rejected.csv"
    with report.rejects_path.open(encoding="utf-8", newline="") as file:
        kept = list(csv.reader(file))
    assert kept[0] == ["line", "reason", "title", "author", "price", "stock", "shelf"]
    assert [row[:2] for row in kept[1:]] == [
        ["3", "title is missing"],
        ["4", "author is missing"],
        ["5", "price must be above 0"],
        ["7", "quotes are misplaced or never closed"],
        ["8", "stock must be a whole number from 0 to 2147483647"],
    ]
    assert kept[3][2:] == ["Free", "X", "0", "1", "d;\nd"]


async def test_corrected_rejects_can_be_imported_as_they_are(catalogue):
    report = await catalogue.load("title,author,price\nA,X,0\n")
    assert report.rejects_path is not None
    corrected = report.rejects_path.read_text().replace("A,X,0", "A,X,4")
    report.rejects_path.write_text(corrected)
    again = await catalogue.load(report.rejects_path)
    assert counts(again) == (1, 0, 0, 0)
    assert again.ignored_columns == ("line", "reason")


async def test_one_line_beyond_the_bound_is_rejected_with_line_and_reason(catalogue):
    report = await catalogue.load("title,author,price\nA,X,1\n" + "x" * 2_000_000 + "\nB,X,1\n", batch_size=1)
    assert counts(report) == (2, 0, 0, 1)
    assert report.rejection_samples[0].line == 3
    assert "longer than 1048576 characters" in report.rejection_samples[0].text
    assert report.rejects_path is not None
    assert report.rejects_path.stat().st_size < 2_000


async def test_rejects_of_an_earlier_import_are_not_written_over(catalogue):
    paths = [(await catalogue.load(f"title,author,price\n{title},X,0\n")).rejects_path for title in "ABC"]
    assert [path.name for path in paths] == ["books.rejected.csv", "books.rejected-2.csv", "books.rejected-3.csv"]
    assert [path.read_text().splitlines()[1][-5:] for path in paths] == ["A,X,0", "B,X,0", "C,X,0"]


async def test_an_import_without_rejects_writes_no_file(catalogue):
    await catalogue.load("title,author,price\nA,X,0\n")
    report = await catalogue.load("title,author,price\nA,X,1\n")
    assert report.rejects_path is None
    assert sorted(path.name for path in catalogue.folder.iterdir()) == ["books.csv", "books.rejected.csv"]


async def test_a_dry_run_writes_no_file(catalogue):
    report = await catalogue.load("title,author,price\nA,X,0\n", dry_run=True)
    assert counts(report) == (0, 0, 0, 1)
    assert report.rejects_path is None
    assert [path.name for path in catalogue.folder.iterdir()] == ["books.csv"]


async def test_a_folder_that_takes_no_file_is_told_and_stops_nothing(catalogue):
    path = catalogue.write("title,author,price\nA,X,0\nB,X,0\nC,X,1\n", "b" * 250 + ".csv")  # no room for .rejected
    report = await catalogue.load(path)
    assert counts(report) == (1, 0, 0, 2)
    assert report.rejects_path is None
    assert len(report.warnings) == 1
    assert "could not be written" in report.warnings[0]


async def test_the_limits_of_the_table_are_kept_to(catalogue):
    report = await catalogue.load(
        "title,author,price,isbn,stock,genre\n"
        f"{'long word ' * 60},{'Some Name & ' * 40},99999999.99,{isbn13(1)},2147483647,{'g' * 150}\n"
        "\U0001f4da\0,\u0001X\u0007Y,0.01,,0,\n"
    )
    assert counts(report) == (2, 0, 0, 0)
    assert report.repaired == 1
    assert await catalogue.books("length(title) <= 500, author LIKE '%Some Name'") == [(True, True), (True, False)]
    assert (await catalogue.books("title, author"))[1] == ("\U0001f4da", "X Y")


async def test_progress_ends_at_the_whole_file(catalogue):
    from app.catalog.importer import ImportOptions, import_csv

    path = catalogue.write("title,author,price\n" + "".join(f"Title {n},Somebody,1\n" for n in range(3000)))
    heard = []
    await import_csv(
        catalogue.connect, path, ImportOptions(batch_size=500), lambda done, total: heard.append((done, total))
    )
    size = path.stat().st_size
    assert heard == sorted(heard)
    assert len(heard) == 7
    assert 0 < heard[0][0] < size
    assert heard[-1] == (size, size)


async def test_a_mapping_is_followed(catalogue):
    await catalogue.load(
        "Titel,Verfasser,Preis\nA,X,2\n", mapping={"Titel": "title", "verfasser": "author", "Preis": "price"}
    )
    assert await catalogue.books("title, author, price") == [("A", "X", Decimal("2.00"))]


async def test_a_header_alone_imports_nothing(catalogue):
    assert counts(await catalogue.load("title,author,price\n")) == (0, 0, 0, 0)


async def test_a_file_that_is_refused_opens_no_connection(catalogue):
    async def connect():
        raise AssertionError

    from app.catalog.importer import ImportOptions, import_csv

    with pytest.raises(ImportFailed):
        await import_csv(connect, catalogue.write("a,b\n1,2\n"), ImportOptions())


async def test_an_import_brings_no_more_genres_than_the_shop_may_have(catalogue):
    """The batches before stay, and so does what was there. Seen to fail without `_add_genres`."""
    await catalogue.load("title,author,price,genre\nA,X,1,Old\n")
    text = "title,author,price,genre\n" + "".join(f"T{n},Y,1,G{n}\n" for n in range(4)) + "B,Y,1,Old\n"
    with pytest.raises(
        ImportFailed, match="2 new genres, and with those of the shop that makes 5 where 4 are allowed"
    ):
        await catalogue.load(text, max_genres=4, batch_size=2)
    assert await catalogue.books("title") == [("A",), ("T0",), ("T1",)]
    assert await catalogue.fetch("SELECT count(*) FROM genres") == [(3,)]
    assert counts(await catalogue.load(text, max_genres=5)) == (3, 0, 2, 0)


async def test_a_shop_that_is_over_its_bound_can_still_import_what_needs_no_new_genre(catalogue):
    await catalogue.load("title,author,price,genre\nA,X,1,One\nB,X,1,Two\n")
    assert counts(await catalogue.load("title,author,price,genre\nC,X,1,One\n", max_genres=1)) == (1, 0, 0, 0)
