"""Jobs: queued with a transaction, done once, tried again, given up, handed on by workers that die or stop."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.jobs import runner
from app.jobs.kinds import JobKind
from app.jobs.runner import running
from app.jobs.service import enqueue, list_jobs, requeue_dead
from app.jobs.worker import JobFailed
from tests.jobs.support import Handler, asked, at_work, make_due, only_job, worker_of

NEVER = 1_000_000.0


async def test_a_job_is_done_and_gone(raw: asyncpg.Connection, database: Database):
    handler = Handler()
    assert await asked(database, number=1)
    assert await asked(database, kind="other", number=2)
    assert await worker_of(database, JobKind("test", handler)).drain() == 1
    assert handler.done == [{"number": 1}]
    assert (await only_job(raw))["kind"] == "other"


async def test_a_commit_wakes_the_worker_of_that_kind(database: Database):
    """Seen to fail without the wake-up: nothing else ends the wait."""
    handler, other = Handler(), Handler()
    waits = worker_of(database, JobKind("test", handler), look_seconds=NEVER)
    sleeps = worker_of(database, JobKind("other", other), look_seconds=NEVER)
    async with at_work(waits), at_work(sleeps):
        for number in range(2):
            await asked(database, number=number)
            await handler.begun.get()
        assert not sleeps.alarm._rung.is_set()


async def test_what_is_rolled_back_is_never_done(raw: asyncpg.Connection, database: Database):
    async def work(session: AsyncSession) -> None:
        await enqueue(session, "test", {})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.transaction(work)
    assert await raw.fetchval("SELECT count(*) FROM jobs") == 0


async def test_workers_at_once_do_each_job_once(raw: asyncpg.Connection, database: Database):
    """Seen to fail without the lease in the claim."""
    handler = Handler(hold=True)
    for number in range(12):
        await asked(database, number=number)
    workers = [worker_of(database, JobKind("test", handler)) for _ in range(4)]
    drains = [asyncio.create_task(worker.drain()) for worker in workers]
    for _ in workers:
        await handler.begun.get()
    handler.go_on.set()
    assert sum(await asyncio.gather(*drains)) == 12
    assert sorted(job["number"] for job in handler.done) == list(range(12))
    assert await raw.fetchval("SELECT count(*) FROM jobs") == 0


async def test_a_failure_is_noted_and_tried_again_later_until_the_last(raw: asyncpg.Connection, database: Database):
    handler = Handler(JobFailed("It said no."), RuntimeError("secret"), TryAgain())
    worker = worker_of(database, JobKind("test", handler, max_attempts=3))
    await asked(database)
    for attempts, words, due in ((1, "It said no.", 30), (2, "RuntimeError", 60)):
        assert await worker.drain() == 1
        row = await only_job(raw)
        assert (row["status"], row["attempts"], row["last_error"]) == ("pending", attempts, words)
        assert due - 1 < row["due_in"] < due * 1.1
        assert row["locked_until"] is None
        assert await worker.drain() == 0, "it is not due yet"
        await make_due(raw)
    await worker.drain()
    row = await only_job(raw)
    assert (row["status"], row["last_error"]) == ("dead", "The database was busy or out of reach.")
    await make_due(raw)
    assert await worker.drain() == 0
    total, [dead] = await database.transaction(lambda session: list_jobs(session, "dead", 0, 10))
    assert (total, dead.kind) == (1, "test")
    assert await database.transaction(lambda session: requeue_dead(session, None)) == [row["id"]]
    assert await worker.drain() == 1
    assert handler.done == [{}]


async def test_long_words_of_a_failure_are_cut(raw: asyncpg.Connection, database: Database):
    await asked(database)
    await worker_of(database, JobKind("test", Handler(JobFailed("x" * 1000)))).drain()
    assert (await only_job(raw))["last_error"] == "x" * 500


async def test_the_lease_is_renewed_while_the_job_runs(raw: asyncpg.Connection, database: Database):
    """Seen to fail without renewals: the other worker does it as well."""
    lease = timedelta(seconds=0.5)
    handler, other = Handler(hold=True), Handler()
    await asked(database)
    async with at_work(worker_of(database, JobKind("test", handler, lease=lease))):
        await handler.begun.get()
        await asyncio.sleep(1.2)
        assert await worker_of(database, JobKind("test", other, lease=lease)).drain() == 0
        handler.go_on.set()
    assert (handler.done, other.done) == ([{}], [])
    assert await raw.fetchval("SELECT count(*) FROM jobs") == 0


async def test_a_worker_that_lost_its_lease_stops_and_leaves_the_claim_of_another_alone(
    raw: asyncpg.Connection, database: Database
):
    """Seen to fail when the lost lease does not end the handler."""
    slow, fast = Handler(hold=True), Handler(hold=True)
    await asked(database)
    late = asyncio.create_task(worker_of(database, JobKind("test", slow, lease=timedelta(seconds=0.6))).drain())
    await slow.begun.get()
    await make_due(raw)
    soon = asyncio.create_task(worker_of(database, JobKind("test", fast)).drain())
    await fast.begun.get()
    assert await late == 1
    assert slow.cancelled == 1
    row = await only_job(raw)
    assert (row["attempts"], row["last_error"]) == (2, None)
    assert row["locked_for"] > 10
    fast.go_on.set()
    assert await soon == 1
    assert fast.done == [{}]


async def test_while_the_lease_cannot_be_renewed_the_job_ends_with_it(
    raw: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail when only a refusal ends the handler: another worker would have the job meanwhile."""
    handler = Handler(hold=True)
    await asked(database)

    async def unreachable(*_: object) -> bool:
        raise TryAgain

    monkeypatch.setattr("app.jobs.kinds.LEASES.renew", unreachable)
    async with asyncio.timeout(10):
        await worker_of(database, JobKind("test", handler, lease=timedelta(seconds=0.3))).drain()
    assert handler.cancelled == 1
    assert (await only_job(raw))["last_error"] == "The lease was lost while it ran."


async def test_a_job_of_a_worker_that_died_is_due_again_when_its_lease_ends(
    raw: asyncpg.Connection, database: Database
):
    await asked(database)
    await raw.execute("UPDATE jobs SET attempts = 8, locked_until = now() + interval '1 minute'")
    handler = Handler()
    worker = worker_of(database, JobKind("test", handler))
    assert await worker.drain() == 0
    await make_due(raw)
    assert await worker.drain() == 1
    assert (await handler.begun.get()).attempts == 9


async def test_what_is_under_way_has_its_time_at_the_end_and_is_then_handed_on(
    raw: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail when the lease is kept: nobody could go on before it ends."""
    monkeypatch.setattr(runner, "STOP_SECONDS", 0.2)
    quick, slow, next_one = Handler(hold=True), Handler(hold=True), Handler()
    await asked(database, kind="quick")
    await asked(database, kind="slow")
    workers = [worker_of(database, JobKind("quick", quick)), worker_of(database, JobKind("slow", slow))]
    async with running(workers):
        await quick.begun.get()
        await slow.begun.get()
        asyncio.get_running_loop().call_later(0.05, quick.go_on.set)
    assert quick.done == [{}]
    assert slow.cancelled == 1
    row = await only_job(raw)
    assert (row["kind"], row["locked_until"]) == ("slow", None)
    assert await worker_of(database, JobKind("slow", next_one)).drain() == 1
    assert (await next_one.begun.get()).attempts == 2


async def test_one_job_at_a_time_has_a_key(raw: asyncpg.Connection, database: Database):
    assert await asked(database, key="only", number=1)
    assert not await asked(database, key="only", number=2)
    await raw.execute("UPDATE jobs SET attempts = 1, locked_until = now() + interval '1 minute'")
    assert not await asked(database, key="only", number=3)
    await raw.execute("UPDATE jobs SET locked_until = now() - interval '1 second'")
    assert await asked(database, key="only", number=4), "its worker died"
    await raw.execute("UPDATE jobs SET status = 'dead'")
    assert await asked(database, key="only", number=5), "it was given up"
    handler = Handler()
    await worker_of(database, JobKind("test", handler)).drain()
    assert handler.done == [{"number": 5}]


async def test_of_two_who_ask_at_once_for_a_key_one_gets_it(database: Database):
    together = asyncio.Barrier(2)

    async def work(session: AsyncSession) -> bool:
        await together.wait()
        return await enqueue(session, "test", {}, key="only")

    assert sorted(await asyncio.gather(database.transaction(work), database.transaction(work))) == [False, True]
