"""A shop of two server processes, and how many people come to it at once."""

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import psutil
from httpx2 import AsyncClient, Limits, Response
from sqlalchemy.engine import make_url

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.server import driver_url
from app.core.db.transaction import Database
from app.main import create_app
from app.verify.service import verify_patiently
from tests.command import serving
from tests.conftest import TEMPLATE
from tests.races.support import begin, blocked
from tests.support import Person, Shop

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
PATIENCE_SECONDS = 60 + 10 * ROUNDS
# Shorter than the server keeps an idle connection, or a request could meet the closing of its connection.
IDLE_SECONDS = 2


@dataclass(frozen=True)
class Premises:
    """A running shop seen from outside: over HTTP by `shop.client`, in its database by `raw`."""

    shop: Shop
    raw: asyncpg.Connection
    pid: int
    log: Path


@asynccontextmanager
async def own_database(server_url: str) -> AsyncIterator[str]:
    """A fresh migrated database for as long as a shop trades on it; the template must be there."""
    name = f"bookstore_test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(driver_url(server_url))
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@asynccontextmanager
async def trading(
    url: str, settings: Settings, folder: Path, *words: str, **variables: str
) -> AsyncIterator[Premises]:
    """`bookstore serve` on that database, with two workers unless `words` say otherwise.

    People and books are made in the database directly.
    """
    inserting = create_app(settings)
    engine = make_engine(url, settings)
    inserting.state.database = Database(engine)
    served = {
        "DATABASE_URL": url,
        "BOOKSTORE_DATA": str(folder),
        "SECRET_KEY": inserting.state.signing_key,
        "PAYMENT_MOCK_SUCCESS_RATE": "1",
        # A busy machine takes its time to let all of them come to the door, and through it.
        "LOCK_TIMEOUT_MS": "60000",
        "STATEMENT_TIMEOUT_MS": "60000",
        "DB_POOL_SIZE": "24",  # a worker may get all the buyers of a race, each waiting with a connection
        "DB_MAX_OVERFLOW": "0",  # two such shops fit on a server with its usual hundred connections
        "LOG_LEVEL": "WARNING",
    } | variables
    limits = Limits(keepalive_expiry=IDLE_SECONDS)
    raw = await asyncpg.connect(driver_url(url))
    try:
        with serving(folder / "log", *(words or ("--workers", "2", "--no-worker")), **served) as running:
            async with AsyncClient(base_url=running.address, limits=limits, timeout=60) as client:
                yield Premises(Shop(inserting, client), raw, running.process.pid, running.log)
    finally:
        await raw.close()
        await engine.dispose()


def peaks(premises: Premises) -> dict[int, int]:
    """The most memory each server process ever had, in MB."""
    found = {}
    for process in psutil.Process(premises.pid).children(recursive=True):
        status = Path(f"/proc/{process.pid}/status").read_text()
        if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
            found[process.pid] = int(peak[1]) // 1024
    assert len(found) > 1
    return found


@dataclass
class Tally:
    """What a scenario came to."""

    scenario: str
    rounds: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    verified: bool = False

    def row(self) -> str:
        outcomes = ", ".join(f"{number}×{said}" for said, number in sorted(self.outcomes.items()))
        verified = "ok" if self.verified else "-"
        return f"| {self.scenario} | {self.rounds} | {self.outcomes.total()} | {outcomes} | {verified} |"


class Race:
    """Rounds of one scenario, each with people and books of its own."""

    def __init__(self, premises: Premises, tally: Tally) -> None:
        self.shop = premises.shop
        self.raw = premises.raw
        self._log = premises.log
        self._tally = tally

    async def rounds(self) -> AsyncIterator[int]:
        """The number of each round; after the last, the laws of the shop must hold."""
        for number in range(ROUNDS):
            yield number
            self._tally.rounds += 1
        checked = await verify_patiently(self.shop.app.state.database)
        assert checked.ok, [law for law in checked.laws if not law.ok]
        self._tally.verified = True

    async def run(self, *requests: Coroutine[Any, Any, Response], door: str | None = None) -> list[Response]:
        """All requests at once, in any order; their answers in the order given. None may be a 5xx.

        `door` locks rows that all of them need. In every other round it is bolted until all wait before it; so there
        are rounds in which they certainly meet, and rounds in which they come as they come.
        """
        if door and self._tally.rounds % 2 == 0:
            async with self.raw.transaction():
                await self.raw.execute(door)
                tasks = _begin(requests)
                await blocked(self.raw, *tasks)
        else:
            tasks = _begin(requests)
        answers = await asyncio.gather(*tasks)
        self._tally.outcomes.update(outcome(answer) for answer in answers)
        assert [answer.text for answer in answers if answer.is_server_error] == [], self._log.read_text()
        return answers

    async def people(self, number: int) -> list[Person]:
        return [await self.shop.person() for _ in range(number)]

    async def register(self) -> tuple[dict[str, str], dict[str, str]]:
        """An account made over HTTP: its e-mail address and password, and the tokens of its first session."""
        account = {"email": f"{uuid4().hex[:12]}@example.com", "password": "long enough"}
        answer = await self.shop.client.post("/auth/register", json=account)
        return account, answer.raise_for_status().json()

    async def stock(self, book_id: int) -> int:
        return int(await self.raw.fetchval("SELECT stock_quantity FROM books WHERE id = $1", book_id))

    async def sold(self, book_id: int) -> int:
        """Copies that left the stock for an order."""
        query = "SELECT coalesce(-sum(delta), 0) FROM stock_movements WHERE book_id = $1 AND kind = 'sale'"
        return int(await self.raw.fetchval(query, book_id))

    async def orders(self, user_id: int) -> int:
        return int(await self.raw.fetchval("SELECT count(*) FROM orders WHERE user_id = $1", user_id))

    async def live_charges(self, user_id: int) -> int:
        """Charges that took money of the user and were not voided."""
        query = (
            "SELECT count(*) FROM payment_attempts WHERE outcome = 'approved' AND voided_at IS NULL AND user_id = $1"
        )
        return int(await self.raw.fetchval(query, user_id))

    async def copies(self, user_id: int) -> dict[int, int]:
        """What the user has of each book, bought or in the cart."""
        query = """
            SELECT book_id, sum(quantity)::int FROM (
                SELECT book_id, quantity FROM order_items JOIN orders ON orders.id = order_id WHERE user_id = $1
                UNION ALL
                SELECT book_id, quantity FROM cart_items JOIN carts ON carts.id = cart_id WHERE user_id = $1
            ) AS held GROUP BY book_id
        """
        return dict(await self.raw.fetch(query, user_id))


def outcome(answer: Response) -> str:
    """The status, or the code of the refusal."""
    return str(answer.status_code) if answer.is_success else str(answer.json()["code"])


def outcomes(answers: list[Response]) -> Counter[str]:
    return Counter(map(outcome, answers))


def cart_of(user_id: int) -> str:
    """The door that locks the cart of a person."""
    return f"SELECT 1 FROM carts WHERE user_id = {user_id} FOR UPDATE"


def books(*book_ids: int) -> str:
    """The door that locks books."""
    return f"SELECT 1 FROM books WHERE id IN ({', '.join(map(str, book_ids))}) ORDER BY id FOR UPDATE"


def _begin(requests: tuple[Coroutine[Any, Any, Response], ...]) -> list[asyncio.Task[Response]]:
    started = {number: begin(requests[number]) for number in random.sample(range(len(requests)), len(requests))}
    return [started[number] for number in range(len(requests))]
