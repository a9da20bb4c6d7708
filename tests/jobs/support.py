"""Jobs, workers and handlers of the tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.transaction import Database
from app.jobs.kinds import JobInHand, JobKind, JobSource
from app.jobs.service import enqueue
from app.jobs.worker import Worker

PATIENCE = 30


class Handler:
    """Notes the payloads it gets. With `hold` each call waits to be let go; `errors` are raised one after the other."""

    def __init__(self, *errors: Exception, hold: bool = False) -> None:
        self.done: list[dict[str, Any]] = []
        self.errors = list(errors)
        self.begun: asyncio.Queue[JobInHand] = asyncio.Queue()
        self.go_on = asyncio.Event()
        self.cancelled = 0
        if not hold:
            self.go_on.set()

    async def __call__(self, job: JobInHand) -> None:
        self.begun.put_nowait(job)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.errors:
            raise self.errors.pop(0)
        self.done.append(job.payload)


def worker_of(database: Database, kind: JobKind, **options: Any) -> Worker[JobInHand]:
    return Worker(database, JobSource(database, kind), **options)


@asynccontextmanager
async def at_work(worker: Worker[JobInHand]) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    finally:
        worker.stop()
        await task


async def asked(database: Database, kind: str = "test", key: str | None = None, **payload: Any) -> bool:
    """Whether a new job was queued, in a transaction of its own."""

    async def work(session: AsyncSession) -> bool:
        return await enqueue(session, kind, payload, key=key)

    return await database.transaction(work)


async def only_job(raw: asyncpg.Connection) -> asyncpg.Record:
    [row] = await raw.fetch(
        "SELECT *, extract(epoch FROM next_attempt_at - now()) AS due_in, "
        "extract(epoch FROM locked_until - now()) AS locked_for FROM jobs"
    )
    return row


async def make_due(raw: asyncpg.Connection) -> None:
    """As if the pauses and leases of all jobs were over."""
    await raw.execute("UPDATE jobs SET next_attempt_at = now(), locked_until = now() - interval '1 second'")
