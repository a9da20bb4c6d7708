"""From the command to the first answer, and the memory of a worker."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from benchmarks.figures import Figure

ROUNDS = 5
MAX_START_SECONDS = 3
MAX_WORKER_MB = 150
PATIENCE_SECONDS = 60
LIBRARIES = "import fastapi, sqlalchemy.ext.asyncio, asyncpg, alembic.command, uvicorn, pydantic, typer, rich"
PATHS = ("/health/ready", "/books?size=100", "/books?q=the", "/genres", "/openapi.json")
MEGABYTE = 1024 * 1024


def measure(data: Path) -> list[Figure]:
    """The very first start (initdb, migrations, demo data), later starts, and memory after some requests."""
    first = _start_up(data)
    later, weights = [], []
    for _ in range(ROUNDS):
        with serving(data) as (base, process, seconds):
            later.append(seconds)
            _browse(base)
            weights.append(heaviest_worker(process.pid))
    start = statistics.median(later)
    start_of_two, weight_of_two = _two_workers(data)
    libraries = statistics.median(_import_time() for _ in range(ROUNDS))
    return [
        Figure("start.first_seconds", first, "s"),
        Figure("start.seconds", start, "s", limit=MAX_START_SECONDS),
        Figure("start.ratio_to_importing_the_libraries", start / libraries, "x"),
        Figure("start.seconds_of_two_workers", start_of_two, "s", limit=MAX_START_SECONDS),
        Figure("worker.resident", max(weights), "MB", limit=MAX_WORKER_MB),
        Figure("worker.resident_of_two", weight_of_two, "MB", limit=MAX_WORKER_MB),
    ]


@contextmanager
def serving(data: Path, *options: str) -> Iterator[tuple[str, psutil.Process, float]]:
    """The address of a running shop, its process, and the seconds until it first answered 200."""
    port = free_port()
    environment = {**os.environ, "BOOKSTORE_DATA": str(data), "ENV": "test", "LOG_LEVEL": "ERROR"}
    environment.pop("DATABASE_URL", None)
    command = [str(Path(sys.executable).parent / "bookstore"), "serve", "--demo", "--port", str(port), *options]
    began = time.perf_counter()
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        _await_answer(base, server)
        yield base, psutil.Process(server.pid), time.perf_counter() - began
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(PATIENCE_SECONDS)


def _await_answer(base: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(f"{base}/health/ready").status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.01)
    raise SystemExit("the shop did not start")


def _start_up(data: Path) -> float:
    with serving(data) as (_, _, seconds):
        return seconds


def _import_time() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    return time.perf_counter() - began


def _browse(base: str) -> None:
    with httpx2.Client(base_url=base) as client:
        for path in PATHS * 5:
            client.get(path).raise_for_status()


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MEGABYTE


def _two_workers(data: Path) -> tuple[float, float]:
    """The seconds two workers take to start, and the memory of the heavier one."""
    with serving(data, "--workers", "2") as (base, process, seconds):
        _browse(base)
        return seconds, heaviest_worker(process.pid)


def heaviest_worker(pid: int) -> float:
    """Megabytes of the process that serves, the heaviest of several; their supervisor does not serve."""
    process = psutil.Process(pid)
    workers = [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
    return max(_resident(worker) for worker in workers or [process])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
