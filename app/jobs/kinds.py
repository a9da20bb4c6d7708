"""Kinds of jobs, and the source that works off the jobs of one kind."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.jobs.leases import Leases
from app.jobs.models import Job
from app.jobs.worker import JobFailed

RENEWALS_IN_A_LEASE = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobInHand:
    """A job that a worker has claimed; `attempts` counts this one."""

    id: int
    attempts: int
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobKind:
    """What a name stands for. `handle` may be called again for a job that it has done: at least once is promised.

    A worker renews its lease for as long as `handle` runs, and cancels it when the lease is lost. After a crash the
    job is due again within `lease`. A kind with `every` has one job, which is there by itself and never dies: after
    `max_attempts` failures it waits for its next time.
    """

    name: str
    handle: Callable[[JobInHand], Awaitable[None]]
    every: timedelta | None = None
    max_attempts: int = 8
    lease: timedelta = timedelta(seconds=30)


LEASES = Leases(Job, JobInHand)


class JobSource:
    """The jobs of a kind."""

    def __init__(self, database: Database, kind: JobKind) -> None:
        self.name = kind.name
        self.max_attempts = kind.max_attempts
        self._database = database
        self._kind = kind

    async def prepare(self, session: AsyncSession) -> None:
        """See to it that a recurring job is there."""
        if self._kind.every:
            one = insert(Job).values(kind=self.name, key=self.name)
            await session.execute(one.on_conflict_do_nothing(index_elements=[Job.key]))

    async def claim(self, session: AsyncSession) -> JobInHand | None:
        """Lease the job that has been due for longest."""
        return await LEASES.claim(session, self._kind.lease, Job.kind == self.name)

    async def handle(self, item: JobInHand) -> None:
        """Do it under a lease that is renewed. A worker that is told to stop leaves the job to others at once.

        Raises:
            JobFailed: another worker has the job by now, or the database could not be asked for too long.
        """
        lease = self._kind.lease.total_seconds()
        try:
            async with asyncio.timeout(lease) as limit:
                renewing = asyncio.create_task(self._renew(item, limit))
                try:
                    await self._kind.handle(item)
                finally:
                    renewing.cancel()
        except asyncio.CancelledError:
            await self._leave(item)
            raise
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise JobFailed("The lease was lost while it ran.") from error

    async def _renew(self, item: JobInHand, limit: asyncio.Timeout) -> None:
        """Keep the lease, and move the limit along with it; where it cannot be kept, the limit comes."""
        lease, loop = self._kind.lease, asyncio.get_running_loop()

        async def work(session: AsyncSession) -> bool:
            return await LEASES.renew(session, item, lease)

        while True:
            await asyncio.sleep(lease.total_seconds() / RENEWALS_IN_A_LEASE)
            began = loop.time()
            try:
                kept = await self._database.transaction(work)
            except TryAgain:
                continue
            if limit.expired():
                return
            limit.reschedule(began + lease.total_seconds() if kept else began)

    async def _leave(self, item: JobInHand) -> None:
        async def work(session: AsyncSession) -> None:
            await LEASES.give_back(session, item)

        try:
            await self._database.transaction(work)
        except TryAgain:
            log.warning("%s %d is due again when its lease ends", self.name, item.id)

    async def settle(self, session: AsyncSession, item: JobInHand) -> None:
        """Delete it, whoever may hold it by now; a recurring one is due at its next time."""
        if self._kind.every is None:
            await session.execute(delete(Job).where(Job.id == item.id))
        else:
            await self._next_time(session, item, self._kind.every, None)

    async def postpone(self, session: AsyncSession, item: JobInHand, error: str, delay: timedelta) -> None:
        """Due again after `delay`."""
        await LEASES.postpone(session, item, error, delay)

    async def give_up(self, session: AsyncSession, item: JobInHand, error: str) -> None:
        """Dead, or due at the next time of a recurring one."""
        if self._kind.every is None:
            await LEASES.give_up(session, item, error)
        else:
            await self._next_time(session, item, self._kind.every, error)

    async def _next_time(self, session: AsyncSession, item: JobInHand, every: timedelta, error: str | None) -> None:
        due = func.now() + every
        await LEASES.give_back(session, item, attempts=0, next_attempt_at=due, last_error=error)

    async def rest(self) -> None:
        """Nothing is held."""
