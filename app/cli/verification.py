"""A verification as the person at the terminal reads it."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.verify.schemas import Finding, Row, Verification


def render_verification(verification: Verification, console: Console) -> None:
    """Values of the database are printed as they are: square brackets in a title are no markup."""
    table = Table("law", "what it says", "", show_lines=False)
    for finding in verification.laws:
        table.add_row(finding.name, finding.sentence, _state(finding))
    console.print(table)
    broken = [finding for finding in verification.laws if not finding.ok]
    for finding in broken:
        _render_offending(finding, console)
    console.print(_sum_up(len(broken), len(verification.laws)))


def _state(finding: Finding) -> Text:
    return Text("ok", "green") if finding.ok else Text(f"broken: {_rows(finding.offending_count)}", "bold red")


def _render_offending(finding: Finding, console: Console) -> None:
    console.print(Text(f"{finding.name}: {_rows(finding.offending_count)}", "bold"))
    for row in finding.offending:
        console.print(Text(f"  {_line(row)}"))
    if more := finding.offending_count - len(finding.offending):
        console.print(f"  … and {more} more")


def _line(row: Row) -> str:
    return "  ".join(f"{name}={'none' if value is None else value}" for name, value in row.items())


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _sum_up(broken: int, laws: int) -> str:
    return f"{broken} of {laws} laws broken." if broken else f"All {laws} laws hold."
