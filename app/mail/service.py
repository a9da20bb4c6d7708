"""The outbox for those who look after it: staff, and the hourly housekeeping."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.jobs.wake import wake_once_committed
from app.mail.errors import MailNotDead, MailNotFound
from app.mail.models import OutboxMail
from app.mail.outbox import MAIL
from app.mail.repository import OutboxRepository


class OutboxService:
    """Mails, in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._mails = OutboxRepository(session)

    async def page(self, status: str | None, offset: int, limit: int) -> tuple[int, Sequence[OutboxMail]]:
        """How many mails have that status (None: any), and some of them, the newest first."""
        return await self._mails.page(status, offset, limit)

    async def get(self, mail_id: int) -> OutboxMail:
        """The mail. Raises MailNotFound."""
        mail = await self._mails.find(mail_id)
        if mail is None:
            raise MailNotFound
        return mail

    async def requeue(self, mail_id: int) -> OutboxMail:
        """Make a dead mail due at once, with all its attempts before it. Raises MailNotFound and MailNotDead."""
        queued = await self.requeue_dead([mail_id])
        mail = await self._mails.find(mail_id)
        if mail is None:
            raise MailNotFound
        if not queued:
            raise MailNotDead
        return mail

    async def requeue_dead(self, mail_ids: Sequence[int] | None) -> list[int]:
        """The same for all dead mails among these (None: all there are); the ids that were queued."""
        wake_once_committed(self._session, MAIL)
        return await self._mails.requeue(mail_ids)


async def purge_old_mails(session: AsyncSession) -> int:
    """Delete a batch of the mails that were finished 30 days ago; how many."""
    return await OutboxRepository(session).purge()
