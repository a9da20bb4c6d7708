"""`make soak`: SOAK_MINUTES (10) of mixed load with random kills. SOAK_SEED repeats the choices of an earlier one."""

import asyncio
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks.soak.premises import Premises
from benchmarks.soak.report import console
from benchmarks.soak.soak import Plan, soak
from benchmarks.soak.told import Unexpected

CACHE = Path(__file__).resolve().parents[2] / ".cache"
STOPPED = 130


def main() -> None:
    """Exit code 0 when all agrees, 1 when anything differs or surprises, 130 when it was stopped."""
    plan = Plan(_number("SOAK_MINUTES", 10), int(_number("SOAK_SEED", random.getrandbits(32))))
    console.print(f"Soaking for {plan.minutes:g} minutes, SOAK_SEED={plan.seed}.\n")
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=CACHE))
    premises = Premises(folder)
    code = 1
    try:
        code = asyncio.run(_run(plan, premises))
    except Unexpected as problem:
        console.print(f"soak: {problem}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = STOPPED
        console.print("Stopped.")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        premises.clear(keep_files=code == 1)
    if code == 1:
        console.print(f"Logs and database are kept in {folder}.")
    sys.exit(code)


async def _run(plan: Plan, premises: Premises) -> int:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    report = await soak(plan, premises)
    report.show()
    return 0 if report.ok else 1


def _number(name: str, default: float) -> float:
    given = os.environ.get(name) or default
    try:
        return float(given)
    except ValueError:
        sys.exit(f"soak: {name} is {given!r}; give a number.")


if __name__ == "__main__":
    main()
