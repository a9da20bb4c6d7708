"""`make bench`: what a start costs and what a worker weighs, each beside something real from the same run."""

import json
import shutil
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import importing, starting
from benchmarks.figures import Figure

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".cache" / "bench"


def main() -> None:
    """Measure, print the table, and write `benchmarks/latest.json`."""
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    try:
        figures = [*starting.measure(DATA), *importing.measure(DATA)]
    finally:
        shutil.rmtree(DATA, ignore_errors=True)
    show(figures)
    (ROOT / "benchmarks" / "latest.json").write_text(
        json.dumps({figure.name: round(figure.value, 3) for figure in figures}, indent=2) + "\n"
    )


def show(figures: list[Figure]) -> None:
    """One row a figure, its limit beside it."""
    table = Table(title="Bookstore benchmarks", title_justify="left")
    for column in ("figure", "measured", "limit", ""):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for figure in figures:
        limit = "" if figure.limit is None else f"{figure.limit:g} {figure.unit}"
        table.add_row(figure.name, f"{figure.value:,.2f} {figure.unit}", limit, figure.verdict())
    Console().print(table)


if __name__ == "__main__":
    main()
