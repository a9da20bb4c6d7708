"""What becomes of a mail: an SMTP server takes it, or, where none is set, it is logged and kept to look at."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol

from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from app.core.config import Settings
from app.mail.errors import NotDelivered
from app.mail.mime import compose, sender_address
from app.mail.outbox import one_line
from app.mail.repository import Mail

STEPS = 4
LEASE_MARGIN = timedelta(seconds=30)


def delivery_limit(smtp_timeout_seconds: float) -> timedelta:
    """How long one delivery may take as a whole, when each step of the conversation has that time limit."""
    return timedelta(seconds=smtp_timeout_seconds) * STEPS


def lease(smtp_timeout_seconds: float) -> timedelta:
    """How long a claimed mail is out of reach of other workers: longer than any delivery lasts."""
    return delivery_limit(smtp_timeout_seconds) + LEASE_MARGIN


MAX_REASON = 500
MAILBOX_MODE = 0o700
MAIL_MODE = 0o600  # mails hold links that open an account

Outcome = Literal["sent", "suppressed"]

log = logging.getLogger(__name__)


class Delivery(Protocol):
    """A way out for mails; `outcome` is the status of those that took it."""

    outcome: Outcome

    async def deliver(self, mail: Mail) -> None:
        """Return when the mail is taken care of. Raises NotDelivered, after which it may be tried again."""

    async def rest(self) -> None:
        """No mail is due at present."""


def make_delivery(settings: Settings) -> Delivery:
    """The way out that the settings name. The mailbox is for development: elsewhere mails are only logged."""
    if settings.smtp_host:
        return SmtpDelivery(settings)
    return SuppressedDelivery(settings, settings.data / "mailbox" if settings.env == "development" else None)


class SmtpDelivery:
    """Hands mails to an SMTP server, as many as are due over one connection; any failure ends the connection."""

    outcome: Outcome = "sent"

    def __init__(self, settings: Settings) -> None:
        password = settings.smtp_password
        self._client = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            start_tls=settings.smtp_starttls,
            username=settings.smtp_username,
            password=password.get_secret_value() if password and settings.smtp_username else None,
            timeout=settings.smtp_timeout_seconds,
        )
        self._sender = sender_address(settings)
        self._limit = delivery_limit(settings.smtp_timeout_seconds).total_seconds()

    async def deliver(self, mail: Mail) -> None:
        """Return when the server has accepted the mail for its one recipient."""
        try:
            message = compose(mail, self._sender)
            async with asyncio.timeout(self._limit):
                if not self._client.is_connected:
                    await self._client.connect()
                await self._client.send_message(message)
        except BaseException as error:
            self._client.close()
            if isinstance(error, (SMTPException, OSError, ValueError)):
                raise NotDelivered(reason(error)) from error
            raise

    async def rest(self) -> None:
        """Take leave of the server."""
        if self._client.is_connected:
            try:
                await self._client.quit()
            except (SMTPException, OSError):
                log.debug("the mail server did not take leave", exc_info=True)
            finally:
                self._client.close()


def reason(error: Exception) -> str:
    """The server's answer or our own words, on one line, as a text that any column can hold."""
    if isinstance(error, SMTPRecipientsRefused):
        words = "; ".join(f"{refusal.code} {refusal.message}" for refusal in error.recipients)
    elif isinstance(error, SMTPResponseException):
        words = f"{error.code} {error.message}"
    elif isinstance(error, TimeoutError):
        words = f"The mail server took too long: {error}".rstrip(": ")
    else:
        words = str(error) or type(error).__name__
    return one_line(words.encode("utf-8", "replace").decode())[:MAX_REASON]


class SuppressedDelivery:
    """Sends nothing: logs each mail and, given a folder, keeps it there as a file that mail programs open."""

    outcome: Outcome = "suppressed"

    def __init__(self, settings: Settings, mailbox: Path | None) -> None:
        self._sender = sender_address(settings)
        self._mailbox = mailbox

    async def deliver(self, mail: Mail) -> None:
        """Log the mail; its body, which may hold links that open an account, goes to the mailbox only."""
        log.info("mail %d not sent, SMTP_HOST is not set: %s to %s", mail.id, mail.kind, mail.recipient)
        if self._mailbox:
            await asyncio.to_thread(self._keep, mail, self._mailbox)

    def _keep(self, mail: Mail, mailbox: Path) -> None:
        mailbox.mkdir(MAILBOX_MODE, parents=True, exist_ok=True)
        file = mailbox / f"{mail.created_at:%Y%m%d-%H%M%S}-{mail.id}-{mail.kind}.eml"
        file.touch(MAIL_MODE)
        file.write_bytes(compose(mail, self._sender).as_bytes())

    async def rest(self) -> None:
        """Nothing is held."""
