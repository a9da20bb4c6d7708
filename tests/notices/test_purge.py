"""Notices that were read are kept for 90 days, unread ones until they are read."""

import asyncpg
import pytest

from app.admin.housekeeping import sweep
from app.core.config import Settings
from app.core.db.transaction import Database
from app.mail import notices
from tests.support import Shop

AGES = {"old read": "'91 days'", "young read": "'89 days'", "old unread": None}


@pytest.fixture
async def aged(raw: asyncpg.Connection, live: Shop) -> Database:
    """Notices that were all posted a year ago."""
    person = await live.person()
    for title, age in AGES.items():
        read_at = f"now() - interval {age}" if age else "NULL"
        await raw.execute(
            "INSERT INTO notices (user_id, kind, title, body, path, created_at, read_at) "
            f"SELECT $1, 'restock', $2, '', '/', now() - interval '1 year', {read_at} FROM generate_series(1, 2)",
            person.id,
            title,
        )
    database: Database = live.app.state.database
    return database


async def titles(raw: asyncpg.Connection) -> list[str]:
    return [row["title"] for row in await raw.fetch("SELECT DISTINCT title FROM notices ORDER BY 1")]


async def test_what_was_read_long_ago_goes_and_nothing_else(
    raw: asyncpg.Connection, aged: Database, settings: Settings
):
    assert await sweep(aged, settings) == 2
    assert await titles(raw) == ["old unread", "young read"]
    assert await sweep(aged, settings) == 0


async def test_many_go_in_batches(
    raw: asyncpg.Connection, aged: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(notices, "PURGE_BATCH", 1)
    assert await sweep(aged, settings) == 2


async def test_what_somebody_is_at_is_left_for_the_next_time(
    raw: asyncpg.Connection, aged: Database, settings: Settings
):
    """Seen to fail without SKIP LOCKED: the sweep waits for the rows until its lock timeout."""
    async with raw.transaction():
        await raw.execute("SELECT FROM notices FOR UPDATE")
        assert await sweep(aged, settings) == 0
    assert await sweep(aged, settings) == 2


async def test_who_has_too_many_loses_the_oldest(
    raw: asyncpg.Connection, aged: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """Read or not. Seen to fail without `purge_surplus_notices`."""
    monkeypatch.setattr(notices, "PURGE_BATCH", 2)
    people = [row["id"] for row in await raw.fetch("SELECT id FROM users")]
    other = await raw.fetchval("INSERT INTO users (email) VALUES ('other@example.com') RETURNING id")
    for person, count in ((people[0], 9), (other, 4)):
        await raw.execute(
            "INSERT INTO notices (user_id, kind, title, body, path) "
            "SELECT $1, 'restock', n::text, '', '/' FROM generate_series(1, $2::int) AS n",
            person,
            count,
        )
    few = settings.model_copy(update={"max_notices": 4})
    assert await sweep(aged, few) == 2 + 4 + 5
    kept = await raw.fetch(
        "SELECT user_id, array_agg(title ORDER BY id) AS titles FROM notices GROUP BY 1 ORDER BY 1"
    )
    assert [row["titles"] for row in kept] == [["6", "7", "8", "9"], ["1", "2", "3", "4"]]
    assert await sweep(aged, few) == 0
