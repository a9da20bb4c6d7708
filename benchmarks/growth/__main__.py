"""`python -m benchmarks.growth`: what a shop of a million books costs that one of ten thousand does not."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.growth.measuring import ROUNDS, SIZES, Measured, growth, in_words

Sizes = Annotated[list[int], typer.Option("--size", min=1000, help="Books, and as many orders; give several.")]
Rounds = Annotated[int, typer.Option(min=20)]
Data = Annotated[Path, typer.Option(help="Where the shops are kept for the next time.")]


def main(data: Data = Path(".cache/growth"), sizes: Sizes = list(SIZES), rounds: Rounds = ROUNDS) -> None:  # noqa: B006
    """Measure shops of growing size, which takes some ten minutes the first time."""
    data.mkdir(parents=True, exist_ok=True)
    measured, figures = asyncio.run(growth(data.resolve(), sizes, rounds))
    show(measured, sizes)
    for figure in figures:
        if figure.verdict() not in {"", "ok"}:
            Console().print(f"{figure.name}: {figure.value:.2f} {figure.unit}, limit {figure.limit:g}")


def show(measured: Measured, sizes: Sequence[int]) -> None:
    """One row a line: p50 and p95 of each size, the slowest of the first times in the largest shop."""
    table = Table(title="Growth: p50 / p95 in ms by books and orders", title_justify="left")
    for column in ("", *map(in_words, sizes), "ratio", "first", "plan"):
        table.add_column(column, justify="left" if column in {"", "plan"} else "right")
    for line, timings in measured.items():
        both = (f"{timing.p50:.1f} / {timing.p95:.1f}" for timing in timings)
        ratio, last = timings[-1].p50 / timings[0].p50, timings[-1]
        table.add_row(line, *both, f"{ratio:.2f}", f"{last.first:.0f}", last.plan)
    Console(width=160).print(table)


if __name__ == "__main__":
    typer.run(main)
