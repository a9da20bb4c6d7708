"""The shop of a race: real commits, a payment service that can be held, a shop with little patience."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from tests.races.support import Till
from tests.support import Shop


@pytest.fixture
async def till(live: Shop) -> AsyncIterator[Till]:
    """The payment service of `live`."""
    till = Till()
    live.app.state.payments = till
    yield till
    till.let_go()


@pytest.fixture
async def impatient(live: Shop, database_url: str, settings: Settings) -> AsyncIterator[Shop]:
    """`live`, but a lock is waited for no longer than 150 ms."""
    engine = make_engine(database_url, settings.model_copy(update={"lock_timeout_ms": 150}))
    live.app.state.database = Database(engine)
    yield live
    await engine.dispose()


@pytest.fixture
async def gate(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A second `raw`, for arrangements of three."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    yield connection
    await connection.close()
