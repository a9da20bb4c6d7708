"""A pool that is used up: every wait for a connection is bounded, and ends in a 503 that says when to come again."""

import asyncio

import pytest
from httpx2 import ASGITransport, AsyncClient

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.main import create_app
from tests.support import Shop, assert_problem

CROWD = 20


async def test_a_crowd_at_a_full_pool_is_turned_away_and_nothing_piles_up(
    database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail without `pool_timeout`: nobody was answered before half a minute was over."""
    monkeypatch.setattr("app.core.db.engine.POOL_WAIT_SECONDS", 2)
    app = create_app(settings.model_copy(update={"database_url": database_url}))
    engine = make_engine(database_url, settings.model_copy(update={"db_pool_size": 1, "db_max_overflow": 0}))
    app.state.database = Database(engine)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.example") as client:
        person = await Shop(app, client).person()
        async with engine.connect(), asyncio.timeout(20):
            lists = (client.get("/genres") for _ in range(CROWD))
            checkouts = (client.post("/orders/checkout", headers=person.headers, json={}) for _ in range(CROWD))
            ready, *answers = await asyncio.gather(client.get("/health/ready"), *lists, *checkouts)
        for answer in answers:
            assert_problem(answer, 503, "BUSY_TRY_AGAIN")
            assert int(answer.headers["retry-after"]) > 0
        assert_problem(ready, 503, "NOT_READY")
        assert (await client.get("/genres")).status_code == 200
    await engine.dispose()
