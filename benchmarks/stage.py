"""Where the shop is measured: an embedded PostgreSQL, generated rows, and the server as it runs by default."""

import asyncio
import inspect
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import asyncpg
import httpx2

from app.accounts.models import UserRole
from app.accounts.tokens import issue_access_token
from app.cli.serve import serve
from app.core.config import Settings
from app.core.db.server import driver_url, migrate
from app.core.embedded import EmbeddedPostgres
from benchmarks.hello import PATH as HELLO
from benchmarks.starting import free_port
from benchmarks.wrk import CannotMeasure

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = Path(__file__).parent / "sql" / "catalogue.sql"
PATIENCE_SECONDS = 60
BOOKS = 10_000
READERS = 3_200
COPIES = 1_000_000
TOKEN_MINUTES = 24 * 60


def default_workers() -> int:
    """How many server processes `bookstore serve` starts when nobody says."""
    workers: int = inspect.signature(serve).parameters["workers"].default
    return workers


@dataclass(frozen=True, slots=True)
class Served:
    """A running shop: its address, and its first process."""

    base: str
    pid: int


@dataclass(frozen=True)
class Stage:
    """A shop of `BOOKS` books and `READERS` readers whose ids count from 1; `tokens` has a line for each reader."""

    data: Path
    url: str
    tokens: Path
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        """Nobody is declined or held back, all else is as it comes."""
        strangers = {name.upper() for name in Settings.model_fields}
        ours = {"BOOKSTORE_DATA": str(self.data), "SECRET_KEY": self.secret}
        ours |= {"PAYMENT_MOCK_SUCCESS_RATE": "1", "RATE_LIMIT_ENABLED": "false"}
        return {name: value for name, value in os.environ.items() if name not in strangers} | ours

    def token(self, reader: int) -> str:
        return self.tokens.read_text().splitlines()[reader - 1]

    @contextmanager
    def serving(self) -> Iterator[Served]:
        """The shop, while the block lasts."""
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.hello", str(port), str(default_workers())]
        with (self.data / "shop.log").open("ab") as log:
            server = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            _await_answer(base, server)
            yield Served(base, server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE_SECONDS)

    def run(self, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """The answer of `work` on a connection of its own."""
        return asyncio.run(_connected(self.url, work))

    def execute(self, sql: str) -> None:
        self.run(lambda connection: connection.execute(sql))

    def clear_baskets(self) -> None:
        """When time is up the load generator hangs up in the middle of cycles."""
        time.sleep(0.5)
        self.execute("DELETE FROM cart_items")

    def require_laws(self) -> None:
        """Raise CannotMeasure when `bookstore verify` finds that a law of the shop is broken."""
        command = [str(Path(sys.executable).parent / "bookstore"), "verify"]
        ran = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise CannotMeasure(f"The shop did not come through unharmed:\n{ran.stdout}{ran.stderr}")


@contextmanager
def staged(data: Path) -> Iterator[Stage]:
    """A shop with generated rows under that folder."""
    data.mkdir()
    with EmbeddedPostgres(data).running() as url:
        migrate(url)
        stage = Stage(data, url, data / "tokens", uuid4().hex)
        stage.execute(CATALOGUE.read_text().format(books=BOOKS, readers=READERS, copies=COPIES))
        stage.execute("VACUUM ANALYZE")
        stage.tokens.write_text("".join(f"{_token(stage.secret, reader)}\n" for reader in range(1, READERS + 1)))
        yield stage


def _token(secret: str, reader: int) -> str:
    return issue_access_token(
        secret, user_id=reader, role=UserRole.USER, session_id=uuid4(), lifetime_minutes=TOKEN_MINUTES
    )


async def _connected(url: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    connection = await asyncpg.connect(driver_url(url))
    try:
        return await work(connection)
    finally:
        await connection.close()


def _await_answer(base: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(f"{base}{HELLO}").status_code == httpx2.codes.OK:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise CannotMeasure("The shop did not start.")
