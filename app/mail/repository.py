"""The SQL of the outbox: leasing, settling, listing, queueing again, purging."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.jobs.leases import Leases
from app.mail.models import OutboxMail

MAIL_RETENTION = timedelta(days=30)
PURGE_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in the hands of a worker. `attempts` counts this one, and tells this claim from later ones."""

    id: int
    message_id: str
    kind: str
    recipient: str
    subject: str
    html: str
    text: str
    attempts: int
    created_at: datetime
    unsubscribe_url: str | None


_LEASES = Leases(OutboxMail, Mail)


class OutboxRepository:
    """Rows of the outbox, in the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(self, lease: timedelta) -> Mail | None:
        """Take the mail that has been due for longest; no other worker gets it before the lease ends."""
        return await _LEASES.claim(self._session, lease)

    async def settle(self, mail: Mail, status: str) -> None:
        """`sent` or `suppressed`, whoever may hold the mail by now: what was sent is sent."""
        sent_at = func.now() if status == "sent" else None
        await self._session.execute(
            update(OutboxMail)
            .where(OutboxMail.id == mail.id)
            .values(status=status, sent_at=sent_at, locked_until=None)
        )

    async def postpone(self, mail: Mail, error: str, delay: timedelta) -> None:
        """Due again after `delay`."""
        await _LEASES.postpone(self._session, mail, error, delay)

    async def give_up(self, mail: Mail, error: str) -> None:
        """Nothing is tried any more until somebody queues it again."""
        await _LEASES.give_up(self._session, mail, error)

    async def page(self, status: str | None, offset: int, limit: int) -> tuple[int, Sequence[OutboxMail]]:
        """How many mails there are with that status (None: any), and some of them, the newest first."""
        return await _LEASES.page(self._session, status, offset, limit)

    async def find(self, mail_id: int) -> OutboxMail | None:
        return await self._session.get(OutboxMail, mail_id)

    async def requeue(self, mail_ids: Sequence[int] | None) -> list[int]:
        """Make the dead ones among these mails (None: all dead ones) due at once."""
        return await _LEASES.requeue(self._session, mail_ids)

    async def purge(self) -> int:
        """Delete some of the mails that were sent, or suppressed, 30 days ago; how many. 0: none are left."""
        old = (
            select(OutboxMail.id)
            .where(
                OutboxMail.status.in_(("sent", "suppressed")),
                func.coalesce(OutboxMail.sent_at, OutboxMail.created_at) < func.now() - MAIL_RETENTION,
            )
            .limit(PURGE_BATCH)
            .with_for_update(skip_locked=True)
        )
        gone = delete(OutboxMail).where(OutboxMail.id.in_(old)).returning(OutboxMail.id)
        return len((await self._session.scalars(gone)).all())
