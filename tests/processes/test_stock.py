"""Stock that many want at once, in two processes."""

import asyncio
from pathlib import Path

import asyncpg
import psutil
import pytest
from httpx2 import Response

from app.core.config import Settings
from app.core.db.server import driver_url
from tests.processes.support import PATIENCE_SECONDS, Premises, Race, Tally, books, outcomes, trading
from tests.support import Person

pytestmark = pytest.mark.timeout(PATIENCE_SECONDS)


async def test_24_buyers_of_7_copies(race: Race):
    """Shown to fail without its guards by tests/races/test_stock.py::test_24_buyers_of_7_copies_make_7_orders."""
    async for _ in race.rounds():
        book, people = await race.shop.book(stock_quantity=7), await race.people(24)
        await asyncio.gather(*(race.shop.add_to_cart(person, book) for person in people))
        answers = await race.run(*(race.shop.checkout(person) for person in people), door=books(book))
        assert outcomes(answers) == {"201": 7, "ORDER_INSUFFICIENT_STOCK": 17}
        assert (await race.stock(book), await race.sold(book)) == (0, 7)


async def test_both_workers_answer(premises: Premises):
    """What this package stands on. Seen to fail with one worker."""
    answers = await asyncio.gather(*(premises.shop.client.get("/books") for _ in range(60)))
    assert outcomes(answers) == {"200": 60}
    workers = psutil.Process(premises.pid).children()
    served = [worker.pid for worker in workers if _clients(worker)]
    assert len(served) == 2


def _clients(worker: psutil.Process) -> int:
    """Open connections that came in at the shop's address."""
    connections = worker.net_connections("tcp")
    listening = {connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN}
    return sum(
        connection.laddr in listening and connection.status != psutil.CONN_LISTEN for connection in connections
    )


async def test_crossed_baskets(database_url: str, settings: Settings, tally: Tally, tmp_path: Path):
    """Shown to fail without its guard by tests/races/test_stock.py::test_baskets_in_opposite_order_never_deadlock.

    The shop is its own: sessions tell of their deadlocks when they end, so they are counted after it has closed.
    """
    async with trading(database_url, settings, tmp_path) as premises:
        race = Race(premises, tally)
        async for _ in race.rounds():
            first, second = [await race.shop.book(stock_quantity=16) for _ in range(2)]
            people = await race.people(16)
            for number, person in enumerate(people):
                for book in (first, second) if number % 2 else (second, first):
                    await race.shop.add_to_cart(person, book)
            answers = await race.run(*(race.shop.checkout(person) for person in people), door=books(first, second))
            assert outcomes(answers) == {"201": 16}
            assert (await race.stock(first), await race.stock(second)) == (0, 0)
    assert await deadlocks(database_url) == 0


async def deadlocks(url: str) -> int:
    """Deadlocks in that database so far, once all its sessions but ours have ended."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    connection = await asyncpg.connect(driver_url(url))
    try:
        while await connection.fetchval(others):  # noqa: ASYNC110 - the event is in the server
            await asyncio.sleep(0.005)
        query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


async def test_restocks_beside_the_sales(race: Race):
    """Shown to fail without their guards by tests/races/test_staff.py and tests/catalog/test_catalog_races.py."""
    admin = await race.shop.admin()
    async for _ in race.rounds():
        book, people = await race.shop.book(stock_quantity=4), await race.people(12)
        await asyncio.gather(*(race.shop.add_to_cart(person, book) for person in people))
        answers = await race.run(
            set_stock(race, admin, book, 6),
            *(adjust(race, admin, book, delta) for delta in (3, 2, -1, -2)),
            *(race.shop.checkout(person) for person in people),
            door=books(book),
        )
        told, bought = answers[:5], outcomes(answers[5:])
        assert told[0].status_code == 200
        assert set(outcomes(told[1:])) <= {"201", "STOCK_OUT_OF_RANGE"}
        assert set(bought) <= {"201", "ORDER_INSUFFICIENT_STOCK"}
        assert await race.sold(book) == bought["201"]
        await assert_ledger_tells(race, book, told)


def set_stock(race: Race, admin: Person, book: int, quantity: int):
    return race.shop.client.patch(f"/books/{book}/stock", headers=admin.headers, json={"quantity": quantity})


def adjust(race: Race, admin: Person, book: int, delta: int):
    told = {"delta": delta, "reason": "counted"}
    return race.shop.client.post(f"/books/{book}/stock/adjustments", headers=admin.headers, json=told)


async def assert_ledger_tells(race: Race, book: int, told: list[Response]) -> None:
    """Each change that was answered well is in the ledger as answered, the set one by what it made of the stock."""
    ledger = await race.raw.fetch(
        "SELECT id, kind, delta, quantity_after FROM stock_movements WHERE book_id = $1 ORDER BY id", book
    )
    assert ledger[-1]["quantity_after"] == await race.stock(book)
    # Setting the stock that is there writes no movement.
    assert [row["quantity_after"] for row in ledger if row["kind"] == "set"] in ([6], [])
    adjusted = {row["id"]: row["delta"] for row in ledger if row["kind"] == "adjustment"}
    assert adjusted == {answer.json()["id"]: answer.json()["delta"] for answer in told[1:] if answer.is_success}
