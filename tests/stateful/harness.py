"""The real shop for a test that is no coroutine: requests over HTTP in process, one event loop for all of them."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.main import create_app
from app.verify.service import judge
from tests.races.support import Till
from tests.support import Person, Shop

# What a buyer or a book hangs on goes with them. The ids begin at 1 again, so that each example finds the same shop.
CLEAR = "TRUNCATE users, books, email_outbox, payment_attempts RESTART IDENTITY CASCADE"

BOOKS = "SELECT id, title, price, stock_quantity FROM books ORDER BY id"
LEDGER = "SELECT book_title, kind, delta, quantity_after FROM stock_movements ORDER BY id"
CHARGES = """
    SELECT attempts.amount, outcome, order_id, voided_at IS NOT NULL AS voided, refunds.amount AS refunded
    FROM payment_attempts attempts LEFT JOIN payment_refunds refunds ON refunds.attempt_id = attempts.id
    ORDER BY attempts.id
"""


T = TypeVar("T")
Rows = list[tuple[Any, ...]]


@dataclass
class Picture:
    """The shop at one moment, as its rows and its answers show it."""

    broken_laws: dict[str, Any]
    books: Rows
    ledger: Rows
    charges: Rows
    carts: list[Any]
    orders: list[Any]


@dataclass
class RealShop:
    """Requests and looks, each of which returns when it is done."""

    app: FastAPI
    client: AsyncClient
    runner: asyncio.Runner
    till: Till = field(default_factory=Till)

    def reopen(self) -> None:
        """As on the first day: nobody, nothing, and a payment service that remembers no charge."""
        self.till = self.app.state.payments = Till()
        self._run(Shop(self.app, self.client).rows(CLEAR))

    def buyer(self) -> Person:
        return self._run(Shop(self.app, self.client).person())

    def admin(self) -> Person:
        return self._run(Shop(self.app, self.client).admin())

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: object = None) -> Response:
        return self._run(self.client.request(method, path, headers=dict(headers), json=body))

    def picture(self, buyers: list[dict[str, str]]) -> Picture:
        """`buyers` are the headers of those whose baskets and orders are looked at."""
        return self._run(self._picture(buyers))

    async def _picture(self, buyers: list[dict[str, str]]) -> Picture:
        broken_laws, books, ledger, charges = await self.app.state.database.transaction(_rows)
        return Picture(
            broken_laws=broken_laws,
            books=books,
            ledger=ledger,
            charges=charges,
            carts=[(await self.client.get("/cart", headers=headers)).json() for headers in buyers],
            orders=[(await self.client.get("/orders?limit=100", headers=headers)).json() for headers in buyers],
        )

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)


async def _rows(session: AsyncSession) -> tuple[dict[str, Any], Rows, Rows, Rows]:
    verification = await judge(session)
    broken = {law.name: law.offending for law in verification.laws if not law.ok}
    books, ledger, charges = [
        [tuple(row) for row in await session.execute(text(query))] for query in (BOOKS, LEDGER, CHARGES)
    ]
    return broken, books, ledger, charges


@contextmanager
def real_shop(settings: Settings, database_url: str) -> Iterator[RealShop]:
    """The shop on that database."""
    app = create_app(settings.model_copy(update={"database_url": database_url}))
    engine = make_engine(database_url, app.state.settings)
    app.state.database = Database(engine)
    with asyncio.Runner() as runner:
        client = AsyncClient(transport=ASGITransport(app), base_url="http://shop.example")
        try:
            yield RealShop(app, client, runner)
        finally:
            runner.run(client.aclose())
            runner.run(engine.dispose())
