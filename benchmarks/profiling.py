"""Where the server's time goes under load: py-spy on its processes, and a table of functions by their own time."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import buying, reading
from benchmarks.plan import Plan
from benchmarks.stage import Stage
from benchmarks.wrk import CannotMeasure

SAMPLES_PER_SECOND = 200
SHOWN = 30
IDLE = "_worker (concurrent/futures/"
"""A thread of a pool that waits for work; py-spy takes it for busy now and then."""
SHOPPING = {"checkout": buying.SPREAD, "bestseller": buying.HOT}
LOADS = (*SHOPPING, *reading.NAMES)


@dataclass(frozen=True, slots=True)
class Profile:
    """Samples in which a function itself was at work, and those in which it was on the stack; of `samples` in all."""

    samples: int
    own: Counter[str]
    whole: Counter[str]

    def by_library(self) -> Counter[str]:
        """The own time of all functions of a library, or of a package of the shop."""
        shares: Counter[str] = Counter()
        for frame, count in self.own.items():
            shares[library(frame)] += count
        return shares


def profile(stage: Stage, name: str, plan: Plan) -> Profile:
    """Sample the server under that load."""
    stacks = stage.data / "stacks"
    with stage.serving() as shop:
        ask = _load(stage, shop.base, name)
        ask(plan.warm_up)
        with ThreadPoolExecutor(1) as pool:
            under_load = pool.submit(ask, 2 * plan.seconds + 2)
            _sample(shop.pid, 2 * plan.seconds, stacks)
            under_load.result()
    return parse(stacks.read_text())


def _load(stage: Stage, base: str, name: str) -> Callable[[int], object]:
    if name in SHOPPING:
        return lambda seconds: buying.over_http(stage, base, SHOPPING[name], seconds)
    addresses = reading.listed(stage)[name]
    return lambda seconds: reading.ask(base, addresses, seconds)


def _sample(pid: int, seconds: int, stacks: Path) -> None:
    command = [
        str(Path(sys.executable).parent / "py-spy"),
        "record",
        "--pid",
        str(pid),
        "--subprocesses",
        "--function",
    ]
    bounds = [
        "--rate",
        str(SAMPLES_PER_SECOND),
        "--duration",
        str(seconds),
        "--format",
        "raw",
        "--output",
        str(stacks),
    ]
    try:
        ran = subprocess.run([*command, *bounds], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotMeasure("py-spy, the profiler, is missing: run `make install`.") from error
    if ran.returncode:
        raise CannotMeasure(f"py-spy could not look into the server: {ran.stderr.strip()[-300:]}")


def parse(stacks: str) -> Profile:
    """From lines of `process;frame;frame count`, the frame at work last; threads that wait are left out."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame for frame in stack.split(";") if not frame.startswith("process ")]
        if not frames or frames[-1].startswith(IDLE):
            continue
        own[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    return Profile(own.total(), own, whole)


def library(frame: str) -> str:
    """`sqlalchemy` for `run (…/site-packages/sqlalchemy/engine.py:1)`, `app/orders` for the shop's own."""
    path = frame.rpartition("(")[2].rpartition(":")[0]
    parts = path.removeprefix("./").split("/")
    if parts[0] == "app":
        return "/".join(parts[:2])
    return parts[0].removesuffix(".py")


def show(name: str, found: Profile) -> None:
    """The functions that take most of the time themselves, and the libraries."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    functions = Table("function", "own", "with all it calls", title=f"{name}: functions", title_justify="left")
    for frame, count in found.own.most_common(SHOWN):
        functions.add_row(frame, _share(count, found), _share(found.whole[frame], found))
    console.print(functions)
    libraries = Table("library", "own", title=f"{name}: libraries", title_justify="left")
    for known, count in found.by_library().most_common(SHOWN):
        libraries.add_row(known, _share(count, found))
    console.print(libraries)


def _share(count: int, found: Profile) -> str:
    return f"{100 * count / max(found.samples, 1):.1f} %"
