"""The outbox as work for a worker (contract, section 5).

The lease of a mail outlasts the longest delivery, so workers that live send nothing twice.
"""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.db.transaction import Database
from app.jobs.worker import Worker
from app.mail.delivery import Delivery, lease, make_delivery
from app.mail.outbox import MAIL
from app.mail.repository import Mail, OutboxRepository


def make_mail_worker(settings: Settings, database: Database) -> Worker[Mail]:
    """A worker that sends mail as the settings ask for."""
    return Worker(database, MailSource(settings, make_delivery(settings)))


class MailSource:
    """The mails of the outbox, sent by `delivery`."""

    name = MAIL

    def __init__(self, settings: Settings, delivery: Delivery) -> None:
        self.max_attempts = settings.mail_max_attempts
        self._lease = lease(settings.smtp_timeout_seconds)
        self._delivery = delivery

    async def prepare(self, _: AsyncSession) -> None:
        """Mails are there or not."""

    async def claim(self, session: AsyncSession) -> Mail | None:
        """Lease the mail that has been due for longest."""
        return await OutboxRepository(session).claim(self._lease)

    async def handle(self, item: Mail) -> None:
        """Send it. Raises NotDelivered."""
        await self._delivery.deliver(item)

    async def settle(self, session: AsyncSession, item: Mail) -> None:
        """Mark it as sent or suppressed."""
        await OutboxRepository(session).settle(item, self._delivery.outcome)

    async def postpone(self, session: AsyncSession, item: Mail, error: str, delay: timedelta) -> None:
        """Due again after `delay`."""
        await OutboxRepository(session).postpone(item, error, delay)

    async def give_up(self, session: AsyncSession, item: Mail, error: str) -> None:
        """Dead until somebody queues it again."""
        await OutboxRepository(session).give_up(item, error)

    async def rest(self) -> None:
        """Take leave of the mail server."""
        await self._delivery.rest()
