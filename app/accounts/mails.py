"""The mails of accounts. They repeat nothing a sender chose: whoever registers may give another's address."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.emails import mailbox
from app.mail.links import ACCOUNT_PAGE
from app.mail.notices import NewNotice
from app.mail.outbox import Outbox


class AccountMails:
    """Queues mails in the transaction of its session."""

    def __init__(self, session: AsyncSession, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    async def may_send_link(self, recipient: str) -> bool:
        """Count a mail with a link, which anybody can have sent; whether the mailbox got few enough of late."""
        return await self._outbox.caps.admits(self._session, "account link", mailbox(recipient))

    async def verification(self, recipient: str, token: str, life: timedelta) -> None:
        hours = life // timedelta(hours=1)
        await self._queue("email_verification", recipient, "Confirm your e-mail address", token=token, hours=hours)

    async def password_reset(self, recipient: str, token: str, life: timedelta) -> None:
        minutes = life // timedelta(minutes=1)
        await self._queue("password_reset", recipient, "Reset your Bookstore password", token=token, minutes=minutes)

    async def password_changed(self, recipient: str, moment: datetime) -> None:
        """`moment` in UTC. These mails have a bound of their own, so no number of links keeps back a warning."""
        if not await self._outbox.caps.admits(self._session, "password changed", mailbox(recipient)):
            return
        subject = "Your Bookstore password was changed"
        await self._queue("password_changed", recipient, subject, time=_shown(moment))

    async def identity_linked(self, recipient: str, provider: str, moment: datetime, *, lost_password: bool) -> None:
        """`provider` by its name for people; `moment` in UTC."""
        subject = "New sign-in method on your Bookstore account"
        context = {"provider": provider, "time": _shown(moment), "lost_password": lost_password}
        await self._queue("identity_linked", recipient, subject, **context)

    async def _queue(self, kind: str, recipient: str, subject: str, **context: Any) -> None:
        await self._outbox.queue(self._session, kind, recipient, subject, **context)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d at %H:%M} UTC"


def password_changed(user_id: int) -> NewNotice:
    """To be read by the owner even where the mail is not."""
    body = "If it was not you, reset your password at once and end all sessions."
    return NewNotice(user_id, "password_changed", "Your password was changed", body, ACCOUNT_PAGE)


def sign_in_linked(user_id: int, provider: str) -> NewNotice:
    """`provider` by its name for people."""
    title = f"You can now sign in with {provider}"
    body = "If it was not you who linked it, end all sessions and set a new password at once."
    return NewNotice(user_id, "sign_in_linked", title, body, ACCOUNT_PAGE)
