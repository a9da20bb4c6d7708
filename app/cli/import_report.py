"""The report as the person at the terminal reads it."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.catalog.importer.cells import Repair
from app.catalog.importer.report import ImportReport, LineNote

_ROUTINE = {Repair.ISBN_ZEROS, Repair.ISBN_WRAPPING, Repair.ISBN_SCIENTIFIC, Repair.GUARD}
_SHOWN_ROUTINE = 3  # of each kind
_SHOWN = 40  # of whatever somebody may want to look up


def render_report(report: ImportReport, console: Console) -> None:
    """Texts of the file are printed as they are: square brackets in a title are no markup."""
    console.print(_totals(report))
    for line in _lines(report):
        console.print(Text(line), soft_wrap=True)


def _totals(report: ImportReport) -> Table:
    title = f"{report.path.name}: {report.rows} rows" + (" (dry run, nothing was stored)" if report.dry_run else "")
    table = Table(title=Text(title), title_justify="left")
    for name in ("created", "updated", "unchanged", "rejected", "repaired"):
        table.add_column(name, justify="right")
    table.add_row(
        str(report.created), str(report.updated), str(report.unchanged), str(report.rejected), str(report.repaired)
    )
    return table


def _lines(report: ImportReport) -> Iterator[str]:
    yield f"Read as {report.encoding}, cells parted by {report.delimiter}."
    yield "Columns: " + ", ".join(f"{column} → {field}" for field, column in report.columns.items())
    if report.ignored_columns:
        yield "Not used: " + ", ".join(report.ignored_columns)
    for repair, count in report.repairs.items():
        yield f"{repair.value}: {count}"
        yield from _samples(report.repair_samples[repair], count, _SHOWN_ROUTINE if repair in _ROUTINE else _SHOWN)
    if report.rejected:
        yield f"Rejected: {report.rejected}"
        yield from _samples(report.rejection_samples, report.rejected, _SHOWN)
    if report.rejects_path:
        yield f"The rejected rows are in {report.rejects_path}: correct them there and import that file."
    yield from report.warnings


def _samples(notes: Sequence[LineNote], count: int, shown: int) -> Iterator[str]:
    for note in notes[:shown]:
        yield f"  line {note.line}: {note.text}"
    if count > shown:
        yield f"  … and {count - shown} more"
