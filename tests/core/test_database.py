"""The bounds and caches of the connections (contract, section 8: timeouts, DB_POOLER)."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.core.metrics import POOL_OPEN, POOL_USED

BOUNDS = text(
    "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
    " current_setting('idle_in_transaction_session_timeout'), current_setting('timezone')"
)


def impatient(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update={"lock_timeout_ms": 100, "statement_timeout_ms": 300, **changes})


@pytest.fixture(params=[None, "transaction"], ids=["direct", "pooler"])
async def database(request: pytest.FixtureRequest, database_url: str, settings: Settings):
    engine = make_engine(database_url, impatient(settings, db_pooler=request.param))
    yield Database(engine)
    await engine.dispose()


async def test_every_transaction_has_its_bounds(database: Database):
    async def look(session: AsyncSession) -> tuple[object, ...]:
        return tuple((await session.execute(BOUNDS)).one())

    assert await database.transaction(look) == ("100ms", "300ms", "30s", "UTC")


async def test_a_statement_beyond_its_time_is_try_again(database: Database):
    with pytest.raises(TryAgain):
        await database.transaction(lambda session: session.execute(text("SELECT pg_sleep(5)")))


async def test_a_lock_wait_beyond_its_time_is_try_again(database: Database, raw: asyncpg.Connection):
    async with raw.transaction():
        await raw.execute("LOCK TABLE genres")
        with pytest.raises(TryAgain):
            await database.transaction(lambda session: session.execute(text("SELECT * FROM genres")))


async def test_behind_a_pooler_nothing_is_prepared_for_later_and_nothing_is_left_on_the_connection(
    database_url: str, settings: Settings
):
    """Seen to fail with `_without_caches` emptied: the prepared statements stay."""
    engine = make_engine(database_url, impatient(settings, db_pooler="transaction", db_pool_size=1))
    async with engine.connect() as connection:
        for _ in range(3):
            await connection.execute(text("SELECT count(*) FROM books WHERE id = :id"), {"id": 1})
        await connection.commit()
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver
        left = await driver.fetch("SELECT name FROM pg_prepared_statements WHERE statement LIKE '%count(*)%'")
        assert left == []
        assert await driver.fetchval("SELECT current_setting('lock_timeout')") == "0"
    await engine.dispose()


async def test_a_full_pool_is_try_again_and_not_a_pile_up(
    database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.core.db.engine.POOL_WAIT_SECONDS", 1)
    engine = make_engine(database_url, settings.model_copy(update={"db_pool_size": 1, "db_max_overflow": 0}))
    database, busy, done = Database(engine), asyncio.Event(), asyncio.Event()

    async def hold(session: AsyncSession) -> None:
        await session.execute(text("SELECT 1"))
        busy.set()
        await done.wait()

    holder = asyncio.create_task(database.transaction(hold))
    await busy.wait()
    with pytest.raises(TryAgain):
        await database.transaction(lambda session: session.execute(text("SELECT 1")))
    done.set()
    await holder
    await engine.dispose()


async def test_a_failed_statement_does_not_carry_its_values_into_the_log(
    database: Database, caplog: pytest.LogCaptureFixture
):
    """Seen to fail without `hide_parameters`: addresses and password hashes stood in the log."""
    with pytest.raises(DBAPIError) as refusal:
        await database.transaction(
            lambda session: session.execute(text("SELECT CAST(:given AS text) / 0"), {"given": "ann@example.com"})
        )
    assert "ann@example.com" not in str(refusal.value)


async def test_the_pool_gauges_follow_the_connections(database_url: str, settings: Settings):
    opened, used = POOL_OPEN._value.get(), POOL_USED._value.get()
    engine = make_engine(database_url, settings)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        assert (POOL_OPEN._value.get(), POOL_USED._value.get()) == (opened + 1, used + 1)
    assert (POOL_OPEN._value.get(), POOL_USED._value.get()) == (opened + 1, used)
    await engine.dispose()
    assert (POOL_OPEN._value.get(), POOL_USED._value.get()) == (opened, used)
