"""The SQL of the outbox: claiming, settling, listing, queueing again, purging."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.notifications.models import OutboxMail

CHANNEL = "bookstore_outbox"
KEPT = timedelta(days=30)
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


_MAIL = [getattr(OutboxMail, name) for name in Mail.__dataclass_fields__]


class OutboxRepository:
    """Rows of the outbox, in the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(self, lease: timedelta) -> Mail | None:
        """Take the mail that has been due for longest; no other worker gets it before the lease ends."""
        due = (
            select(OutboxMail.id)
            .where(
                OutboxMail.status == "pending",
                OutboxMail.next_attempt_at <= func.now(),
                or_(OutboxMail.locked_until.is_(None), OutboxMail.locked_until <= func.now()),
            )
            .order_by(OutboxMail.next_attempt_at, OutboxMail.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        taking = (
            update(OutboxMail)
            .where(OutboxMail.id == due.scalar_subquery())
            .values(attempts=OutboxMail.attempts + 1, locked_until=func.now() + lease)
        )
        row = (await self._session.execute(taking.returning(*_MAIL))).one_or_none()
        return None if row is None else Mail(*row)

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
        await self._give_back(mail, last_error=error, next_attempt_at=func.now() + delay)

    async def give_up(self, mail: Mail, error: str) -> None:
        """Nothing is tried any more until somebody queues it again."""
        await self._give_back(mail, last_error=error, status="dead")

    async def _give_back(self, mail: Mail, **columns: Any) -> None:
        """Only while the claim is the last one: a worker that was late leaves the claim of another alone."""
        mine = and_(OutboxMail.id == mail.id, OutboxMail.status == "pending", OutboxMail.attempts == mail.attempts)
        await self._session.execute(update(OutboxMail).where(mine).values(locked_until=None, **columns))

    async def page(self, status: str | None, offset: int, limit: int) -> tuple[int, Sequence[OutboxMail]]:
        """How many mails there are with that status (None: any), and some of them, the newest first."""
        wanted = () if status is None else (OutboxMail.status == status,)
        total = await self._session.scalar(select(func.count()).select_from(OutboxMail).where(*wanted))
        query = select(OutboxMail).where(*wanted).order_by(OutboxMail.id.desc()).offset(offset).limit(limit)
        return total or 0, (await self._session.scalars(query)).all()

    async def find(self, mail_id: int) -> OutboxMail | None:
        return await self._session.get(OutboxMail, mail_id)

    async def requeue(self, mail_ids: Sequence[int] | None) -> list[int]:
        """Make the dead ones among these mails (None: all dead ones) due at once, and wake the workers."""
        named = () if mail_ids is None else (OutboxMail.id.in_(mail_ids),)
        statement = (
            update(OutboxMail)
            .where(OutboxMail.status == "dead", *named)
            .values(status="pending", attempts=0, next_attempt_at=func.now(), locked_until=None)
            .execution_options(synchronize_session=False)
        )
        queued = (await self._session.scalars(statement.returning(OutboxMail.id))).all()
        await self._session.execute(select(func.pg_notify(CHANNEL, "")))
        return sorted(queued)

    async def purge(self) -> int:
        """Delete some of the mails that were sent, or suppressed, 30 days ago; how many. 0: none are left."""
        old = (
            select(OutboxMail.id)
            .where(
                OutboxMail.status.in_(("sent", "suppressed")),
                func.coalesce(OutboxMail.sent_at, OutboxMail.created_at) < func.now() - KEPT,
            )
            .limit(PURGE_BATCH)
            .with_for_update(skip_locked=True)
        )
        gone = delete(OutboxMail).where(OutboxMail.id.in_(old)).returning(OutboxMail.id)
        return len((await self._session.scalars(gone)).all())
