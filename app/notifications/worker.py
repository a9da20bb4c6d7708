"""Sends what waits in the outbox (contract, section 5).

A mail is claimed in one transaction, sent outside of any, and settled in another. Its lease outlasts the longest
delivery, so workers that live send nothing twice; what a dead one held is due again when the lease ends.
`attempts` grows with the claim; a mail whose worker died in the last attempt is tried once more, for nobody knows how
that attempt ended.
"""

import asyncio
import logging
import random

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.notifications.bell import Bell, make_bell
from app.notifications.delivery import Delivery, make_delivery
from app.notifications.errors import NotDelivered
from app.notifications.repository import Mail, OutboxRepository
from app.notifications.rules import lease, retry_delay

POLL_SECONDS = 5.0
RECORD_PAUSE_SECONDS = 0.5

log = logging.getLogger(__name__)


def make_worker(settings: Settings, database: Database) -> "Worker":
    """A worker as the settings ask for."""
    return Worker(settings, database, make_delivery(settings), make_bell(settings, database))


class Worker:
    """One mail after the other. Any number of workers may share an outbox."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        delivery: Delivery,
        bell: Bell,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._bell = bell
        self._poll_seconds = poll_seconds
        self._max_attempts = settings.mail_max_attempts
        self._lease = lease(settings.smtp_timeout_seconds)
        self._stopping = False

    async def run(self) -> None:
        """Work until `stop`. Nothing that goes wrong ends it: there is the next poll."""
        try:
            while not self._stopping:
                await self._bell.listen()
                try:
                    await self.drain()
                except TryAgain:
                    log.warning("mail worker waits for the database")
                except Exception:
                    log.exception("mail worker stumbled")
                if not self._stopping:
                    await self._bell.wait(self._poll_seconds)
        finally:
            await self._bell.close()

    def stop(self) -> None:
        """Have `run` return once the mail under way is settled."""
        self._stopping = True
        self._bell.ring()

    async def drain(self) -> int:
        """Handle all mails that are due; how many."""
        handled = 0
        try:
            while not self._stopping and (mail := await self._claim()):
                await self._handle(mail)
                handled += 1
        finally:
            await self._delivery.rest()
        return handled

    async def _claim(self) -> Mail | None:
        async def work(session: AsyncSession) -> Mail | None:
            return await OutboxRepository(session).claim(self._lease)

        return await self._database.transaction(work)

    async def _handle(self, mail: Mail) -> None:
        try:
            await self._delivery.deliver(mail)
        except NotDelivered as error:
            await self._failed(mail, str(error))
        except Exception as error:
            log.exception("mail %d could not be handled", mail.id)
            await self._failed(mail, type(error).__name__)
        else:
            await self._delivered(mail)

    async def _delivered(self, mail: Mail) -> None:
        """Recorded however long the database takes: a mail that was sent and not marked would be sent again."""

        async def work(session: AsyncSession) -> None:
            await OutboxRepository(session).settle(mail, self._delivery.outcome)

        while True:
            try:
                await self._database.transaction(work)
            except TryAgain:
                if self._stopping:
                    raise
                await asyncio.sleep(RECORD_PAUSE_SECONDS)
            else:
                return

    async def _failed(self, mail: Mail, error: str) -> None:
        dead = mail.attempts >= self._max_attempts
        log.warning("mail %d not delivered, attempt %d%s", mail.id, mail.attempts, ", given up" if dead else "")

        async def work(session: AsyncSession) -> None:
            mails = OutboxRepository(session)
            if dead:
                await mails.give_up(mail, error)
            else:
                await mails.postpone(mail, error, retry_delay(mail.attempts, random.random()))  # noqa: S311

        await self._database.transaction(work)
