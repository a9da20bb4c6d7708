"""Whatever is killed, and whenever: one order, one charge, the stock right, the mail queued once, and a retry succeeds."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg
import httpx2
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.core.db.server import driver_url
from app.core.db.transaction import Database
from app.core.embedded import EmbeddedPostgres
from app.verify.service import verify_patiently
from tests.command import RunningShop, bookstore, serving
from tests.crash.shop_that_dies import POINTS
from tests.races.support import LEDGER_GAPS

KEY = {"Idempotency-Key": "the-buyers-key"}


def enter(shop: RunningShop, name: str = "ann") -> dict[str, str]:
    """A buyer with two copies of the first book in the cart; the headers to act with."""
    with httpx2.Client(base_url=shop.address, verify=False) as client:
        account = {"email": f"{name}@example.com", "password": "long enough"}
        tokens = client.post("/auth/register", json=account).raise_for_status().json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        client.post("/cart/items", headers=headers, json={"book_id": 1, "quantity": 2}).raise_for_status()
        return headers


def check_out(shop: RunningShop, headers: dict[str, str]) -> httpx2.Response:
    return shop.post("/orders/checkout", headers=headers | KEY, json={}, timeout=30)


async def facts(url: str) -> dict[str, object]:
    connection = await asyncpg.connect(driver_url(url))
    try:
        return {
            "orders": await connection.fetchval("SELECT count(*) FROM orders"),
            "charges": await connection.fetchval(
                "SELECT count(*) FROM payment_attempts WHERE outcome = 'approved' AND voided_at IS NULL"
            ),
            "sold": await connection.fetchval("SELECT -sum(delta) FROM stock_movements WHERE kind = 'sale'"),
            "confirmations": await connection.fetchval(
                "SELECT count(*) FROM email_outbox WHERE kind = 'order_confirmation'"
            ),
            "lines left": await connection.fetchval("SELECT count(*) FROM cart_items"),
            "gaps": len(await connection.fetch(LEDGER_GAPS)),
        }
    finally:
        await connection.close()


async def verified(url: str) -> bool:
    """Whether the laws of the shop hold, as `bookstore verify` says without the start of a process."""
    engine = create_async_engine(url, poolclass=NullPool)
    return (await verify_patiently(Database(engine))).ok


ONE_SALE = {"orders": 1, "charges": 1, "sold": 2, "confirmations": 1, "lines left": 0, "gaps": 0}


@pytest.mark.parametrize("point", POINTS)
def test_the_server_killed_at(point: str, database_url: str, tmp_path: Path):
    """Seen to fail, for `after COMMIT`, with the answer not kept under the key: the retry found an empty cart."""
    fuse = tmp_path / "fuse"
    dying = [sys.executable, "-m", "tests.crash.shop_that_dies", point, str(fuse)]
    settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path), "PAYMENT_MOCK_SUCCESS_RATE": "1"}
    with serving(tmp_path / "first", "--demo", command=dying, **settings) as shop:
        headers = enter(shop)
        fuse.touch()
        with pytest.raises(httpx2.TransportError):
            check_out(shop, headers)
        assert shop.process.wait(30) == -signal.SIGKILL
    with serving(tmp_path / "second", **settings) as shop:
        retry = check_out(shop, headers)
        assert retry.status_code == 201, retry.text
        replayed = retry.headers.get("idempotent-replayed")
        assert replayed == ("true" if point == "after COMMIT" else None)
        assert check_out(shop, headers).content == retry.content
    assert asyncio.run(facts(database_url)) == ONE_SALE
    assert asyncio.run(verified(database_url))


def test_a_connection_terminated_in_mid_transaction(database_url: str, tmp_path: Path):
    settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path), "PAYMENT_MOCK_SUCCESS_RATE": "1"}
    with serving(tmp_path / "log", "--demo", **settings) as shop:
        headers = enter(shop)
        answer = asyncio.run(terminated(shop, headers, database_url))
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert check_out(shop, headers).status_code == 201
    assert asyncio.run(facts(database_url)) == ONE_SALE


async def terminated(shop: RunningShop, headers: dict[str, str], url: str) -> httpx2.Response:
    """The answer to a checkout whose connection is cut while it waits for the book."""
    holder = await asyncpg.connect(driver_url(url))
    try:
        async with holder.transaction():
            await holder.execute("SELECT * FROM books WHERE id = 1 FOR UPDATE")
            waiting = asyncio.create_task(asyncio.to_thread(check_out, shop, headers))
            async with asyncio.timeout(20):
                while not await holder.fetchval(
                    "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                ):
                    await holder.execute("SELECT pg_stat_clear_snapshot()")
                    await asyncio.sleep(0.01)
            return await waiting
    finally:
        await holder.close()


def test_postgresql_itself_killed(tmp_path: Path):
    """The sale that was answered survives; the one under way is done by the retry. fsync is on here."""
    settings = {"BOOKSTORE_DATA": str(tmp_path / "var"), "PAYMENT_MOCK_SUCCESS_RATE": "1"}
    server = EmbeddedPostgres(tmp_path / "var")
    with serving(tmp_path / "first", "--demo", **settings) as shop:
        headers = enter(shop)
        sold = check_out(shop, headers)
        assert sold.status_code == 201
        other = enter(shop, "bob")
        pid = server.status().pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        lost = check_out(shop, other)
        assert lost.status_code == 503
    with serving(tmp_path / "second", **settings) as shop:
        assert check_out(shop, headers).content == sold.content
        assert check_out(shop, other).status_code == 201
        everything = {"orders": 2, "charges": 2, "sold": 4, "confirmations": 2, "lines left": 0, "gaps": 0}
        assert asyncio.run(facts(server.url())) == everything
    assert "stopped" in bookstore("db", "status", **settings).stdout
