"""The shop's processes: two server processes and a mail worker on a durable PostgreSQL, all on this machine only."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx2
import psutil

from app.cli.serving import CannotServe, check_port
from app.core.db.server import driver_url
from app.core.embedded import EmbeddedPostgres
from benchmarks.soak.told import Unexpected
from tests.command import BOOKSTORE, environment

PATIENCE_SECONDS = 120
POLL_SECONDS = 0.05
SERVERS = 2
# Below those that systems give to outgoing connections: nobody takes the port while the shop is down.
PORTS = range(20_000, 32_000)


class Premises:
    """Starts, kills and stops. Whatever becomes of the soak, `clear` leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "var"
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.postgres = EmbeddedPostgres(self.data)
        self._folder = folder
        self._settings = {"BOOKSTORE_DATA": str(self.data), "SECRET_KEY": uuid4().hex}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def furnish(self, settings: dict[str, str]) -> None:
        """What all processes shall see beside what they see anyway."""
        self._settings |= settings

    async def open(self, *words: str) -> None:
        """Start the shop and wait until it is ready."""
        self._start("shop", "serve", "--port", str(self.port), "--workers", str(SERVERS), *words)
        await self.ready()

    def hire_mail_worker(self) -> None:
        """A mail worker beside the one in the shop."""
        self._start("mail worker", "worker")

    async def ready(self) -> None:
        """Wait until the shop says that it can serve, on all its processes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        async with httpx2.AsyncClient(base_url=self.address, timeout=10) as client:
            while time.monotonic() < deadline:
                if self._running["shop"].poll() is not None:
                    raise Unexpected(f"the shop ended by itself; its last words: {self._last_words('shop')}")
                with suppress(httpx2.TransportError):
                    answer = await client.get("/health/ready")
                    if answer.status_code == httpx2.codes.OK and len(self.servers()) == SERVERS:
                        return
                await asyncio.sleep(POLL_SECONDS)
        raise Unexpected(f"the shop did not come back in {PATIENCE_SECONDS} seconds; see {self._folder}")

    def servers(self) -> list[psutil.Process]:
        """The processes that answer requests; the parent that supervises them does not."""
        children = psutil.Process(self._running["shop"].pid).children()
        return [child for child in children if "spawn_main" in _command_line(child)]

    def kill(self, name: str) -> None:
        """SIGKILL for `shop` or `mail worker`, all its processes at once."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    async def orphan_servers(self) -> None:
        """SIGKILL for the supervisor of the server processes alone; wait until they have ended as well."""
        process = self._running["shop"]
        process.kill()
        process.wait()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _is_free(self.port):
            if time.monotonic() > deadline:
                raise Unexpected("servers without a supervisor serve on")
            await asyncio.sleep(POLL_SECONDS)
        del self._running["shop"]

    async def stop(self, name: str) -> None:
        """SIGTERM, as an operator would, and a good end."""
        process = self._running[name]
        process.terminate()
        await _ended(process)
        if process.returncode != 0:
            raise Unexpected(f"{name}: exit code {process.returncode} after SIGTERM")
        del self._running[name]

    async def bookstore(self, *words: str) -> None:
        """Run a command to its end; it must be a good one."""
        await _ended(self._start("command", *words))
        if self._running.pop("command").returncode != 0:
            raise Unexpected(f"bookstore {' '.join(words)} did not end well; see {self._log('command')}")

    async def connect(self) -> asyncpg.Connection:
        """A plain connection to the database."""
        return await asyncpg.connect(driver_url(self.postgres.url()))

    def clear(self, *, keep_files: bool) -> None:
        """Leave no process and, unless the files are wanted, no file."""
        for process in self._running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running.clear()
        self.postgres.stop(force=True)
        if not keep_files:
            shutil.rmtree(self._folder)

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """In a session of its own: a signal for the whole group reaches all its processes, and no other's Ctrl-C."""
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                [BOOKSTORE, *words],
                env=environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[name] = process
        return process

    def _log(self, name: str) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.log"

    def _last_words(self, name: str) -> str:
        return self._log(name).read_text(errors="replace")[-2000:]


async def _ended(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise Unexpected(f"{process.args!r} did not end in {PATIENCE_SECONDS} seconds")
        await asyncio.sleep(POLL_SECONDS)


def _command_line(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _free_port() -> int:
    return next(port for port in random.SystemRandom().sample(PORTS, len(PORTS)) if _is_free(port))


def _is_free(port: int) -> bool:
    try:
        check_port("127.0.0.1", port)
    except CannotServe:
        return False
    return True
