"""Mails queued again by staff and by the operator's commands, with a row of the audit trail for each."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit.service import record_each
from app.mail.models import OutboxMail
from app.mail.service import OutboxService


class RequeueService:
    """Mails in the transaction of a session. Without an actor it is the operator, by a command."""

    def __init__(self, session: AsyncSession, actor: Caller | None = None) -> None:
        self._session = session
        self._actor = actor
        self._mails = OutboxService(session)

    async def requeue(self, mail_id: int) -> OutboxMail:
        """Make a dead mail due at once. Raises MailNotFound and MailNotDead."""
        mail = await self._mails.requeue(mail_id)
        await self._record([mail.id])
        return mail

    async def requeue_dead(self, mail_ids: Sequence[int] | None) -> list[int]:
        """The same for all dead mails among these (None: all there are); the ids that were queued."""
        queued = await self._mails.requeue_dead(mail_ids)
        await self._record(queued)
        return queued

    async def _record(self, mail_ids: Sequence[int]) -> None:
        before = {mail_id: {"status": "dead"} for mail_id in mail_ids}
        await record_each(self._session, self._actor, "mail.requeued", before, after={"status": "pending"})
