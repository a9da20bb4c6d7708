"""Jobs that recur: a row that is there by itself, done once each time by one of all workers, never dead."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app import background
from app.core.config import Settings
from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.jobs.kinds import JobKind
from app.jobs.worker import JobFailed
from tests.jobs.support import Handler, make_due, only_job, worker_of

HOUR = timedelta(hours=1)


async def test_of_many_workers_one_does_it_each_hour(raw: asyncpg.Connection, database: Database):
    """Seen to fail when a job that was done stays due, and when each worker has a row of its own."""
    handler = Handler()
    workers = [worker_of(database, JobKind("tidy", handler, every=HOUR)) for _ in range(4)]
    for times in (1, 2):
        assert sum(await asyncio.gather(*(worker.drain() for worker in workers))) == 1
        assert len(handler.done) == times
        row = await only_job(raw)
        assert (row["attempts"], row["locked_until"], row["last_error"]) == (0, None, None)
        assert 3500 < row["due_in"] <= 3600
        await make_due(raw)


async def test_a_failure_is_tried_again_soon_and_then_waits_for_the_next_time(
    raw: asyncpg.Connection, database: Database
):
    handler = Handler(TryAgain(), JobFailed("Again no."))
    worker = worker_of(database, JobKind("tidy", handler, every=HOUR, max_attempts=2))
    await worker.drain()
    row = await only_job(raw)
    assert row["attempts"] == 1
    assert 29 < row["due_in"] < 34
    await make_due(raw)
    await worker.drain()
    row = await only_job(raw)
    assert (row["status"], row["attempts"], row["last_error"]) == ("pending", 0, "Again no.")
    assert row["due_in"] > 3500
    await make_due(raw)
    await worker.drain()
    assert (await only_job(raw))["last_error"] is None


async def test_after_a_crash_another_worker_does_it_when_the_lease_ends(raw: asyncpg.Connection, database: Database):
    first = worker_of(database, JobKind("tidy", Handler(), every=HOUR))
    await first.drain()
    await raw.execute(
        "UPDATE jobs SET attempts = 1, next_attempt_at = now(), locked_until = now() + interval '1 minute'"
    )
    handler = Handler()
    worker = worker_of(database, JobKind("tidy", handler, every=HOUR))
    assert await worker.drain() == 0
    await make_due(raw)
    assert await worker.drain() == 1


async def test_housekeeping_is_such_a_job(
    raw: asyncpg.Connection, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    swept = asyncio.Queue[Any]()

    async def sweep(*given: Any) -> tuple[int, int]:
        swept.put_nowait(given)
        return 0, 0

    monkeypatch.setattr(background, "sweep_all", sweep)
    async with asyncio.timeout(10), background.background_jobs(settings, database):
        assert await swept.get() == (database, settings)
    row = await only_job(raw)
    assert (row["kind"], row["key"]) == ("housekeeping", "housekeeping")
    assert row["due_in"] > 3500
