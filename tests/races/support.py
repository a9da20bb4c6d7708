"""How races are arranged: who is held where, and who waits for whom."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

import asyncpg
from httpx2 import Response

from app.payments.service import Charge, MockPaymentService
from tests.support import Person, Shop

LEDGER_GAPS = """
    SELECT id FROM books WHERE stock_quantity <>
    (SELECT coalesce(sum(delta), 0) FROM stock_movements WHERE book_id = books.id)
"""


class Till(MockPaymentService):
    """Approves unless told to decline, notes who asks, and can hold a checkout that has all its locks."""

    def __init__(self) -> None:
        super().__init__(success_rate=1.0)
        self.asked: list[str] = []
        self.declines = 0
        self.reached = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    async def charge(self, attempt_id: str, amount: Decimal, currency: str, *, force_fail: bool = False) -> Charge:
        self.asked.append(attempt_id)
        self.reached.set()
        await self._open.wait()
        if self.declines:
            self.declines -= 1
            force_fail = True
        return await super().charge(attempt_id, amount, currency, force_fail=force_fail)


def begin(work: Coroutine[Any, Any, Response]) -> asyncio.Task[Response]:
    """A request that runs beside the test."""
    return asyncio.create_task(work)


async def blocked(raw: asyncpg.Connection, *tasks: asyncio.Task[Any]) -> None:
    """Returns once all these tasks wait for a lock, or one has ended without having to."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while not any(task.done() for task in tasks):
            await raw.execute("SELECT pg_stat_clear_snapshot()")
            if await raw.fetchval(query) >= len(tasks):
                return
            await asyncio.sleep(0.005)


async def buyers(shop: Shop, book_id: int, number: int, quantity: int = 1) -> list[Person]:
    """People with that book in the cart."""
    people = [await shop.person() for _ in range(number)]
    await asyncio.gather(*(shop.add_to_cart(person, book_id, quantity) for person in people))
    return people


def outcomes(answers: list[Response]) -> Counter[str]:
    """How often each outcome was answered: the status, or the code of the refusal."""
    return Counter(answer.json().get("code", str(answer.status_code)) for answer in answers)
