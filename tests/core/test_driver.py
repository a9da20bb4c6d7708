"""Statements on the driver belong to the transaction of the session."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from app.core.db.driver import driver
from app.core.db.engine import make_engine
from app.core.db.transaction import Database, release
from app.core.errors import TryAgain
from tests.support import Shop

PID = "SELECT pg_backend_pid()"


async def test_they_are_rolled_back_and_committed_with_it(live: Shop, raw: asyncpg.Connection):
    """Seen to fail with the driver's statement first and no BEGIN before it."""
    book = await live.book(price="10.00")
    database: Database = live.app.state.database

    async def raise_price(session, price: int, *, fail: bool) -> None:
        await (await driver(session)).execute("UPDATE books SET price = $1 WHERE id = $2", price, book)
        if fail:
            raise TryAgain

    with pytest.raises(TryAgain):
        await database.transaction(lambda session: raise_price(session, 11, fail=True))
    assert await raw.fetchval("SELECT price FROM books WHERE id = $1", book) == 10
    await database.transaction(lambda session: raise_price(session, 12, fail=False))
    assert await raw.fetchval("SELECT price FROM books WHERE id = $1", book) == 12


@pytest.mark.parametrize("first", ["driver", "sqlalchemy"])
async def test_both_roads_share_a_transaction(live: Shop, first: str):
    async def work(session) -> set[tuple[int, str]]:
        seen = []
        for road in (first, "driver", "sqlalchemy"):
            query = "SELECT pg_backend_pid() AS pid, pg_current_xact_id()::text AS transaction"
            if road == "driver":
                seen.append(tuple(await (await driver(session)).fetchrow(query)))
            else:
                seen.append(tuple((await session.execute(text(query))).one()))
        return set(seen)

    assert len(await live.app.state.database.transaction(work)) == 1


async def test_a_connection_that_was_handed_back_is_not_used_again(live: Shop):
    """Seen to fail with the connection remembered for as long as the session lives."""
    database: Database = live.app.state.database

    async def work(session) -> None:
        await (await driver(session)).execute("SELECT 1")
        await release(session)
        async with database.sessions() as other:
            taken = await other.scalar(text(PID))
            assert await session.scalar(text(PID)) != taken
            assert await (await driver(session)).fetchval(PID) != taken

    await database.transaction(work)


async def test_readers_hold_no_transaction(live: Shop):
    async def work(session) -> tuple[object, object]:
        connection = await driver(session)
        return connection.is_in_transaction(), await connection.fetchval("SHOW statement_timeout")

    assert await live.app.state.database.reading(work) == (False, "15s")


async def test_connections_that_died_in_the_pool_are_replaced(database_url: str, settings, raw: asyncpg.Connection):
    """Seen to fail (503 for each dead connection) without the look whether the driver's connection is closed."""
    engine = make_engine(database_url, settings)
    database = Database(engine)

    async def pid(session) -> int:
        return await (await driver(session)).fetchval(PID)

    before = await database.transaction(pid)
    await raw.execute("SELECT pg_terminate_backend($1)", before)
    assert await database.transaction(pid) != before
    await engine.dispose()


async def test_connections_that_died_with_their_reader_are_replaced(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (503 for each kept session) when the connection was not looked at again."""
    database: Database = live.app.state.database

    async def pid(session) -> int:
        return await (await driver(session)).fetchval(PID)

    before = await database.reading(pid)
    assert await database.reading(pid) == before, "the session was not kept"
    await raw.execute("SELECT pg_terminate_backend($1)", before)
    await asyncio.sleep(0.1)
    assert await database.reading(pid) != before


async def test_a_server_that_goes_in_the_middle_asks_to_try_again(live: Shop, raw: asyncpg.Connection):
    async def work(session) -> None:
        connection = await driver(session)
        await raw.execute("SELECT pg_terminate_backend($1)", await connection.fetchval(PID))
        await connection.fetchval("SELECT 1")

    with pytest.raises(TryAgain):
        await live.app.state.database.transaction(work)
    with pytest.raises(TryAgain):
        await live.app.state.database.reading(work)
