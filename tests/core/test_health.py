"""GET /health, /health/ready, /metrics (contract, section 3)."""

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.db.transaction import Database
from tests.support import Shop, assert_problem


async def test_health_says_ok_and_the_version(client: AsyncClient):
    answer = await client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": "1.0.0"}


async def test_health_touches_nothing(live: Shop):
    live.app.state.database = None
    assert (await live.client.get("/health")).status_code == 200


async def test_ready_when_database_and_migrations_are_ok(client: AsyncClient):
    answer = await client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "migrations": "ok"}}


async def test_not_ready_when_the_schema_is_behind(live: Shop):
    await live.rows("UPDATE alembic_version SET version_num = 'd4e5f6a7b8c9'")
    body = assert_problem(await live.client.get("/health/ready"), 503, "NOT_READY")
    assert body["checks"] == {"database": "ok", "migrations": "failed"}


async def test_not_ready_when_the_database_is_out_of_reach(live: Shop):
    nowhere = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    live.app.state.database = Database(nowhere)
    body = assert_problem(await live.client.get("/health/ready"), 503, "NOT_READY")
    assert body["checks"]["database"] == "failed"


async def test_metrics_count_requests_by_route_template(shop: Shop):
    await shop.client.get("/books/2147483646")
    answer = await shop.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'bookstore_requests_total{method="GET",route="/books/{book_id}",status="404"}' in answer.text
    assert "2147483646" not in answer.text
    assert 'bookstore_outbox_mails{status="pending"}' in answer.text
    assert 'bookstore_jobs{status="dead"} 0' in answer.text
    assert "bookstore_pool_connections_in_use" in answer.text


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/metrics"])
async def test_every_response_carries_id_and_nosniff(client: AsyncClient, path: str):
    answer = await client.get(path)
    assert len(answer.headers["x-request-id"]) >= 8
    assert answer.headers["x-content-type-options"] == "nosniff"
