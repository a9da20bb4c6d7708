"""`make bench`: each figure beside its limit, or beside something real from the same run."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import buying, histories, importing, profiling, starting
from benchmarks.figures import Figure
from benchmarks.plan import QUICK, Plan
from benchmarks.reading import reading
from benchmarks.stage import ROOT, Stage, default_workers, staged
from benchmarks.wrk import CannotMeasure, require_wrk

LATEST = ROOT / "benchmarks" / "latest.json"
ALONE: dict[str, Callable[[Path], list[Figure]]] = {"start": starting.measure, "import": importing.measure}
ON_STAGE: dict[str, Callable[[Stage, Plan], list[Figure]]] = {
    "checkout": buying.checkout_cycle,
    "bestseller": buying.best_seller,
    "reading": reading,
}
PARTS = (*ALONE, *ON_STAGE)


def main() -> None:
    """Measure, print the table, and write `benchmarks/latest.json`. Exit code 1 when nothing could be measured."""
    options = _options()
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="bench-", dir=cache))
    try:
        plan = QUICK if options.quick else Plan()
        if options.profile:
            profiled(data, options.profile, plan)
            return
        figures = measured(data, options.parts or list(PARTS), plan)
    except CannotMeasure as problem:
        sys.exit(f"bench: {problem}")
    finally:
        shutil.rmtree(data, ignore_errors=True)
    show(figures)
    LATEST.write_text(as_json(figures))


def measured(data: Path, parts: list[str], plan: Plan) -> list[Figure]:
    """The figures of these parts, in the order of the table."""
    figures = [figure for name in ALONE if name in parts for figure in ALONE[name](data / name)]
    played = [name for name in ON_STAGE if name in parts]
    if played:
        require_wrk()
        with staged(data / "stage") as stage:
            figures.append(histories.order(stage, plan.history))
            for name in played:
                figures += ON_STAGE[name](stage, plan)
                if broken := stage.broken_laws():
                    raise CannotMeasure(f"After {name} laws of the shop are broken: {', '.join(broken)}.")
        figures.append(Figure("server.workers", default_workers(), "processes"))
    return figures


def profiled(data: Path, load: str, plan: Plan) -> None:
    """Show where the time of the server goes."""
    require_wrk()
    with staged(data / "stage") as stage:
        histories.order(stage, plan.history)
        profiling.show(load, profiling.profile(stage, load, plan))


def show(figures: list[Figure]) -> None:
    """One row a figure, its limit beside it."""
    table = Table(title="Bookstore benchmarks", title_justify="left")
    for column in ("figure", "measured", "limit", ""):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for figure in figures:
        verdict = {True: "ok", False: "missed", None: ""}[figure.ok]
        table.add_row(figure.name, f"{figure.value:,.2f} {figure.unit}", figure.limit, verdict)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def as_json(figures: list[Figure]) -> str:
    """The values by name."""
    return json.dumps({figure.name: round(figure.value, 3) for figure in figures}, indent=2) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bookstore bench", description=main.__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure (all)")
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--profile", choices=profiling.LOADS, help="show where the server's time goes instead")
    return parser.parse_args()


if __name__ == "__main__":
    main()
