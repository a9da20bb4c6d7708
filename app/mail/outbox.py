"""Mail is a row of the transaction whose business it tells of: it leaves after COMMIT or not at all."""

import re
from typing import Any
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.db.batch import Batch
from app.core.db.driver import driver
from app.core.keys import Keys
from app.jobs.wake import wake_once_committed
from app.mail.caps import MailCaps
from app.mail.rendering import render
from app.mail.unsubscribe import OPTIONAL_KINDS, UnsubscribeLinks

MAIL = "mail"
"""The name of the workers that send what is queued here."""

_COLUMNS = ("message_id", "kind", "recipient", "subject", "html", "text", "order_id", "unsubscribe_url")
_QUEUE = f"INSERT INTO email_outbox ({', '.join(_COLUMNS)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
_MAX_SUBJECT = 998
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Outbox:
    """Queues mails. Links in them are absolute under `PUBLIC_BASE_URL`."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.base_url = settings.public_base_url
        self.shop_name = settings.smtp_from_name
        self.caps = MailCaps(keys.rate_limits.signing, settings.account_mails_per_hour)
        self._domain = settings.smtp_from.rpartition("@")[2]
        self.unsubscribe_links = UnsubscribeLinks(settings.public_base_url, keys.unsubscribe_links)

    async def queue(self, session: AsyncSession, kind: str, recipient: str, subject: str, **context: Any) -> None:
        """Write a mail to the outbox of this transaction; `context` as for `row`."""
        wake_once_committed(session, MAIL)
        await (await driver(session)).execute(_QUEUE, *self._values(kind, recipient, subject, **context))

    def queue_in(self, batch: Batch, kind: str, recipient: str, subject: str, **context: Any) -> None:
        """The same with that batch."""
        wake_once_committed(batch.session, MAIL)
        batch.add(_QUEUE, *self._values(kind, recipient, subject, **context))

    def _values(self, kind: str, recipient: str, subject: str, **context: Any) -> list[str | int | None]:
        row = self.row(kind, recipient, subject, **context)
        return [row[name] for name in _COLUMNS]

    def row(
        self,
        kind: str,
        recipient: str,
        subject: str,
        *,
        user_id: int | None = None,
        order_id: int | None = None,
        **context: Any,
    ) -> dict[str, str | int | None]:
        """The columns of a mail rendered from `templates/<kind>.html`, for those who insert many at once.

        `user_id` is needed where the recipient may refuse mails of that kind; `order_id` names the order it tells of.
        """
        leave = self._way_out(kind, user_id) if kind in OPTIONAL_KINDS else None
        mail = render(kind, base_url=self.base_url, order_id=order_id, unsubscribe_url=leave, **context)
        return {
            "message_id": f"<{uuid4().hex}@{self._domain}>",
            "kind": kind,
            "recipient": recipient,
            "subject": one_line(subject)[:_MAX_SUBJECT],
            "html": mail.html,
            "text": mail.text,
            "order_id": order_id,
            "unsubscribe_url": leave,
        }

    def _way_out(self, kind: str, user_id: int | None) -> str:
        if user_id is None:
            raise ValueError(f"A {kind} mail needs its user, who may refuse more of them")
        return self.unsubscribe_links.url(user_id, kind)


def one_line(subject: str) -> str:
    """Control characters become spaces: no header is ever opened by a title."""
    return _CONTROL_CHARACTERS.sub(" ", subject)
