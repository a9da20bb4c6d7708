"""One thing after the other, from claim to settlement, whatever it is.

An item is claimed in one transaction, handled outside of any, and settled in another. What a dead worker held is due
again when its lease ends. `attempts` grows with the claim; an item whose worker died in the last attempt is tried
once more, for nobody knows how that attempt ended.
"""

import asyncio
import logging
import random
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.jobs.leases import Claimed
from app.jobs.rules import retry_delay
from app.jobs.wake import Alarm

LOOK_SECONDS = 1.0
RECORD_PAUSE_SECONDS = 0.5
MAX_REASON = 500

log = logging.getLogger(__name__)

Item = TypeVar("Item", bound=Claimed)


class JobFailed(Exception):
    """An attempt that failed for a reason to be noted; the message fits a column of the database."""


class Source(Protocol[Item]):
    """Where items come from, what is done with them, and how its end is noted."""

    name: str
    max_attempts: int

    async def prepare(self, session: AsyncSession) -> None:
        """Once, before the first claim."""

    async def claim(self, session: AsyncSession) -> Item | None:
        """Lease the item that has been due for longest, in one statement."""

    async def handle(self, item: Item) -> None:
        """Do it, in no transaction. Raises JobFailed with the words to note; it is tried again after any error."""

    async def settle(self, session: AsyncSession, item: Item) -> None:
        """It was done."""

    async def postpone(self, session: AsyncSession, item: Item, error: str, delay: timedelta) -> None:
        """It failed, and is due again after `delay`."""

    async def give_up(self, session: AsyncSession, item: Item, error: str) -> None:
        """It failed for the last time."""

    async def rest(self) -> None:
        """Nothing is due at present."""


class Worker(Generic[Item]):
    """Works off one source, an item at a time. Any number of workers, here and elsewhere, may share a source."""

    def __init__(self, database: Database, source: Source[Item], look_seconds: float = LOOK_SECONDS) -> None:
        self._database = database
        self._source = source
        self._look_seconds = look_seconds
        self.alarm = Alarm(source.name)
        self._prepared = False
        self._stopping = False

    async def run(self) -> None:
        """Work until `stop`. Nothing that goes wrong ends it: it looks again."""
        while not self._stopping:
            try:
                await self.drain()
            except TryAgain:
                log.warning("%s: the worker waits for the database", self._source.name)
            except Exception:
                log.exception("%s: the worker stumbled", self._source.name)
            if not self._stopping:
                await self.alarm.wait(self._look_seconds)

    def stop(self) -> None:
        """Have `run` return once the item under way is settled."""
        self._stopping = True
        self.alarm.ring()

    async def drain(self) -> int:
        """Handle all that is due; how many."""
        if not self._prepared:
            await self._database.transaction(self._source.prepare)
            self._prepared = True
        handled = 0
        try:
            while not self._stopping and (item := await self._claim()):
                await self._handle(item)
                handled += 1
        finally:
            await self._source.rest()
        return handled

    async def _claim(self) -> Item | None:
        return await self._database.transaction(self._source.claim, one_statement=True)

    async def _handle(self, item: Item) -> None:
        try:
            await self._source.handle(item)
        except JobFailed as error:
            await self._failed(item, str(error)[:MAX_REASON])
        except TryAgain:
            await self._failed(item, "The database was busy or out of reach.")
        except Exception as error:
            log.exception("%s %d could not be handled", self._source.name, item.id)
            await self._failed(item, type(error).__name__)
        else:
            await self._done(item)

    async def _done(self, item: Item) -> None:
        """Recorded however long the database takes: what was done and not recorded would be done again."""

        async def work(session: AsyncSession) -> None:
            await self._source.settle(session, item)

        while True:
            try:
                await self._database.transaction(work)
            except TryAgain:
                if self._stopping:
                    raise
                await asyncio.sleep(RECORD_PAUSE_SECONDS)
            else:
                return

    async def _failed(self, item: Item, error: str) -> None:
        last = item.attempts >= self._source.max_attempts
        what = self._source.name
        log.warning("%s %d failed, attempt %d%s", what, item.id, item.attempts, ", the last one" if last else "")

        async def work(session: AsyncSession) -> None:
            if last:
                await self._source.give_up(session, item, error)
            else:
                delay = retry_delay(item.attempts, random.random())  # noqa: S311 - it spreads load
                await self._source.postpone(session, item, error, delay)

        await self._database.transaction(work)


AnyWorker = Worker[Any]
