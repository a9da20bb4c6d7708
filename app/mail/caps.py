"""How many mails of a kind one mailbox gets in an hour, whoever asks for them."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.rate_limit import Quota, within

HOUR = timedelta(hours=1)


class MailCaps:
    """Counts mails in the transaction that writes them. It does so where rate limits are off as well.

    It spares people who may never have heard of the shop. Mails about an order are none of its business.
    """

    def __init__(self, key: bytes, per_hour: int) -> None:
        self.per_hour = per_hour
        self._key = key

    async def admits(self, session: AsyncSession, group: str, mailbox: str) -> bool:
        """Count a mail of the group; whether it may be sent."""
        return await within(session, self._key, Quota(f"mail: {group}", (mailbox,), self.per_hour, HOUR))
