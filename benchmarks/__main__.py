"""`make bench`: each figure beside its limit, or beside something real from the same run."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import buying, histories, importing, profiling, report, starting
from benchmarks.figures import Figure
from benchmarks.growth.__main__ import show as show_growth
from benchmarks.growth.measuring import growth
from benchmarks.plan import QUICK, Plan
from benchmarks.reading import reading
from benchmarks.stage import ROOT, Stage, default_workers, staged
from benchmarks.wrk import CannotMeasure, require_wrk

LATEST = ROOT / "benchmarks" / "latest.json"
APART: dict[str, Callable[[Path], list[Figure]]] = {"start": starting.measure, "import": importing.measure}
ON_STAGE: dict[str, Callable[[Stage, Plan], list[Figure]]] = {
    "checkout": buying.checkout_cycle,
    "bestseller": buying.best_seller,
    "reading": reading,
}
GROWN = ROOT / ".cache" / "growth"
PARTS = (*APART, *ON_STAGE, "growth")


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print the table, write `benchmarks/latest.json`. Exit code 1 when something cannot be measured."""
    options = _options(words)
    plan = QUICK if options.quick else Plan()
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="bench-", dir=cache))
    try:
        if options.profile:
            profile(data, options.profile, plan)
        else:
            measure(data, options.parts or PARTS, plan)
    except CannotMeasure as problem:
        sys.exit(f"bench: {problem}")
    finally:
        shutil.rmtree(data, ignore_errors=True)


def measure(data: Path, parts: Sequence[str], plan: Plan) -> None:
    """The figures of these parts, in the order of the table."""
    figures = report.surroundings()
    for name in [name for name in APART if name in parts]:
        (data / name).mkdir()
        figures += APART[name](data / name)
    if on_stage := [name for name in ON_STAGE if name in parts]:
        figures += _on_stage(data / "stage", on_stage, plan)
    if "growth" in parts:
        figures += _growing(plan)
    report.show(figures)
    LATEST.write_text(report.as_json(figures), encoding="utf-8")


def _growing(plan: Plan) -> list[Figure]:
    """The shops are kept: to fill the largest takes minutes."""
    GROWN.mkdir(parents=True, exist_ok=True)
    measured, figures = asyncio.run(growth(GROWN, plan.sizes, plan.growth_rounds))
    show_growth(measured, plan.sizes)
    return figures


def _on_stage(data: Path, parts: Sequence[str], plan: Plan) -> list[Figure]:
    require_wrk()
    figures = [Figure("server.workers", default_workers(), "processes")]
    with staged(data) as stage:
        figures.append(histories.order(stage, plan.history))
        for name in parts:
            figures += ON_STAGE[name](stage, plan)
            stage.require_laws()
    return figures


def profile(data: Path, load: str, plan: Plan) -> None:
    """Show where the time of the server goes."""
    require_wrk()
    with staged(data / "stage") as stage:
        histories.order(stage, plan.history)
        profiling.show(load, profiling.profile(stage, load, plan))


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=", description="Measure the shop on this machine.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)}; else all")
    parser.add_argument("--quick", action="store_true", help="one short round of each: a look, not a measurement")
    parser.add_argument(
        "--profile", choices=profiling.LOADS, help="show where the server's time goes under that load"
    )
    options = parser.parse_args(words)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"there is no {unknown[0]}: choose from {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    main()
