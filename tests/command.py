"""The installed `bookstore` command, run as a process of its own as a bookseller would, or here."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from app.cli import terminal
from app.cli.main import run

BOOKSTORE = Path(sys.executable).parent / "bookstore"
PATIENCE_SECONDS = 60


def bookstore(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; `variables` are all the settings it sees."""
    return subprocess.run(
        [BOOKSTORE, *words],
        env=environment(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def bookstore_here(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """As `bookstore`, without the second that a process takes to start: for what a command does and says.

    Whether it starts, and how it ends, is not seen here. A command that asks for something, or serves, is none for it.
    """
    said, complained = io.StringIO(), io.StringIO()
    kept, seen = dict(os.environ), environment(variables)
    os.environ.clear()
    os.environ.update(seen)
    terminal.out.width = terminal.errors.width = int(seen["COLUMNS"])
    code: object = 0
    try:
        with redirect_stdout(said), redirect_stderr(complained):
            run([str(word) for word in words])
    except SystemExit as leaving:
        code = leaving.code or 0
    finally:
        os.environ.clear()
        os.environ.update(kept)
    assert isinstance(code, int)
    return subprocess.CompletedProcess(list(words), code, said.getvalue(), complained.getvalue())


def environment(variables: dict[str, str]) -> dict[str, str]:
    """All that a command sees: `variables`, and what no process does without."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return {**kept, "COLUMNS": "200", "ENV": "test", **variables}


@dataclass(frozen=True)
class RunningShop:
    """A `bookstore serve` that answers. It speaks no TLS, and loading authorities takes longer than most answers."""

    address: str
    process: subprocess.Popen[str]
    log: Path

    def get(self, path: str, **content: Any) -> httpx2.Response:
        return httpx2.get(f"{self.address}{path}", verify=False, **content)

    def post(self, path: str, **content: Any) -> httpx2.Response:
        return httpx2.post(f"{self.address}{path}", verify=False, **content)

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def serving(
    log: Path, *words: str, command: Sequence[str | Path] = (BOOKSTORE,), **variables: str
) -> Iterator[RunningShop]:
    """Serve on a free port until the block ends."""
    port = free_port()
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(port), *words],
            env=environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            text=True,
        )
    shop = RunningShop(f"http://127.0.0.1:{port}", process, log)
    try:
        _await(shop)
        yield shop
    finally:
        if process.poll() is None:
            shop.stop()


def _await(shop: RunningShop) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert shop.process.poll() is None, shop.log.read_text()
        try:
            if shop.get("/health/ready").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"no answer from {shop.address}: {shop.log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
