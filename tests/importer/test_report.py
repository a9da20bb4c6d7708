"""The report and the memory it takes."""

import tracemalloc
from decimal import Decimal
from io import StringIO

from rich.console import Console

from app.catalog.importer.columns import resolve_columns
from app.catalog.importer.report import Rejects, Tally
from app.catalog.importer.run import RowSource
from app.catalog.importer.seen import seen_books
from app.catalog.importer.source import open_table
from app.cli.import_report import render_report
from tests.importer.support import Catalogue, isbn10


async def printed(catalogue: Catalogue, text: str, **options: object) -> str:
    output = StringIO()
    render_report(await catalogue.load(text, **options), Console(file=output, width=80))
    return output.getvalue()


async def test_the_report_says_what_happened(catalogue):
    text = await printed(
        catalogue,
        f"title,authors,year,isbn,binding\n[bold]A[/bold],X,-5,{isbn10(4321)},3\nB,X,,{isbn10(4321).lstrip('0')}1,3\n,X,,,3\n",
        default_price=Decimal(1),
    )
    assert "books.csv: 3 rows" in text
    assert "Read as utf-8, cells parted by comma." in text
    assert "authors → author" in text
    assert "Not used: binding" in text
    assert "publish_date: year before 1, left empty: 1" in text
    assert "Rejected: 1\n  line 4: title is missing" in text
    assert f"The rejected rows are in {catalogue.folder / 'books.rejected.csv'}: correct" in text


async def test_the_report_names_the_file_the_rejects_are_in(catalogue):
    assert "books.rejected.csv: correct" in await printed(catalogue, "title,author,price\nA,X,0\n")
    assert "books.rejected-2.csv: correct" in await printed(catalogue, "title,author,price\nA,X,0\n")


async def test_a_dry_run_says_so(catalogue):
    assert "dry run, nothing was stored" in await printed(catalogue, "title,author,price\nA,X,1\n", dry_run=True)


async def test_what_the_file_says_is_printed_as_text(catalogue):
    text = await printed(catalogue, "title,author,price,isbn\nA,X,1,[red]5[/red]\x1b[2J\n")
    assert "line 2: [red]5[/red] [2J" in text
    assert "\x1b[2J" not in text


async def test_long_lists_are_counted_in_full_and_shown_in_part(catalogue):
    rows = "".join(f"Book {number},X,0\n" for number in range(500))
    report = await catalogue.load("title,author,price\n" + rows)
    assert report.rejected == 500
    assert len(report.rejection_samples) == 100
    assert "… and 460 more" in await printed(catalogue, "title,author,price\n" + rows)


def test_memory_does_not_grow_with_the_file(tmp_path):
    """Each row is its own book, mended or refused, so that whatever is kept of rows would show."""

    def row(number: int) -> str:
        return f"Title {number},Somebody,{number % 2},wrong {number}\n"

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        path.write_text("title,author,price,isbn\n" + "".join(row(number) for number in range(rows)))
        tracemalloc.start()
        with open_table(path) as table, seen_books() as seen:
            rejects = Rejects(path, table.header)
            columns = resolve_columns(table.header, {}, has_default_price=False)
            source = RowSource(table, columns, seen, rejects, Tally(), price_needed=True, file_name=path.name)
            assert sum(len(batch) for batch in source.batches(500)) == rows // 2
            rejects.close()
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(4_000)  # imports and caches
    small, large = peak(4_000), peak(20_000)
    assert large < small + 1_000_000  # bytes; the file has 16 000 rows more
