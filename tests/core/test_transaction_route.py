"""A route is a transaction: what its operation wrote is there when it is answered, or not at all."""

import asyncpg
import pytest
from fastapi import APIRouter, FastAPI, Request
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import text

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.route import Session, TransactionRoute
from app.core.db.transaction import Database

WRITTEN = "SELECT name FROM genres ORDER BY name"


@pytest.fixture
async def client(database_url: str, settings: Settings):
    router = APIRouter(route_class=TransactionRoute)

    @router.post("/genres/{name}")
    async def add(name: str, session: Session, request: Request) -> dict[str, bool]:
        await session.execute(text("INSERT INTO genres (name) VALUES (:name)"), {"name": name})
        if name == "wrong":
            raise RuntimeError(name)
        return {"own": session is request.state.session}

    app, engine = FastAPI(), make_engine(database_url, settings)
    app.include_router(router)
    app.state.database = Database(engine)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.example") as client:
        yield client
    await engine.dispose()


async def test_what_was_answered_is_committed(client: AsyncClient, raw: asyncpg.Connection):
    for name in ("a", "b"):
        assert (await client.post(f"/genres/{name}")).json() == {"own": True}
    assert [row["name"] for row in await raw.fetch(WRITTEN)] == ["a", "b"]


async def test_what_failed_is_rolled_back(client: AsyncClient, raw: asyncpg.Connection):
    with pytest.raises(RuntimeError, match="wrong"):
        await client.post("/genres/wrong")
    assert await raw.fetch(WRITTEN) == []
