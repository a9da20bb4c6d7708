"""The load generator: wrk with our scripts, which print what we want to know as JSON."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

THREADS = 2
CONNECTIONS = 16
LOAD = Path(__file__).parent / "load"
MARK = "RESULT "


class CannotMeasure(Exception):
    """A measurement is impossible or would mean nothing; the message says why in a sentence."""


def require_wrk() -> None:
    """Raise CannotMeasure unless wrk is installed; root on Debian gets it."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing wrk, the load generator (apt-get install wrk).", flush=True)
        subprocess.run(["apt-get", "install", "--yes", "--quiet=2", "wrk"], check=False)
    if shutil.which("wrk") is None:
        raise CannotMeasure("wrk, the load generator, is missing: install it (Debian: apt-get install wrk).")


def load(script: str, base: str, seconds: float, *words: object) -> dict[str, Any]:
    """Run a script of `load/` against `base`; `words` are its arguments. What it found."""
    command = [
        "wrk",
        f"-t{THREADS}",
        f"-c{CONNECTIONS}",
        f"-d{seconds:g}s",
        "--timeout",
        "10s",
        "-s",
        str(LOAD / script),
    ]
    ran = subprocess.run([*command, base, "--", *map(str, words)], capture_output=True, text=True, check=False)
    return parse(ran.stdout, ran.stderr)


def parse(output: str, complaints: str = "") -> dict[str, Any]:
    """What the script of a run said."""
    told = [line.removeprefix(MARK) for line in output.splitlines() if line.startswith(MARK)]
    if not told:
        raise CannotMeasure(f"wrk said nothing of use: {(complaints or output).strip()[-500:]}")
    found: dict[str, Any] = json.loads(told[0])
    if found["broken"]:
        raise CannotMeasure(f"{found['broken']} connections broke or had no answer in time.")
    return found
