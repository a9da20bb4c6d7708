"""The figures as a table for people and as JSON for programs."""

import json
import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

PLAIN_WIDTH = 120


def surroundings() -> list[Figure]:
    """What the figures depend on, before anything is measured."""
    return [
        Figure("machine.cores", os.cpu_count() or 1, "cores"),
        Figure("machine.load_before", os.getloadavg()[0], "processes at work"),
    ]


def show(figures: Sequence[Figure]) -> None:
    """One row a figure, its limit beside it."""
    table = Table(title="Bookstore benchmarks", title_justify="left")
    for column in ("figure", "measured", "limit", ""):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for figure in figures:
        table.add_row(figure.name, f"{figure.value:,.2f} {figure.unit}", figure.bound_text(), figure.verdict())
    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(table)


def as_json(figures: Sequence[Figure]) -> str:
    """The values by name, and each bound as `<name>.limit`."""
    values = {figure.name: figure.value for figure in figures}
    bounds = {f"{figure.name}.limit": figure.bound for figure in figures if figure.bound is not None}
    return json.dumps({name: round(value, 3) for name, value in (values | bounds).items()}, indent=2) + "\n"
