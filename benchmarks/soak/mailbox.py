"""The mail server of the soak. It outlives every kill, and remembers of each mail only what is counted."""

import asyncio
import random
import re
from collections import Counter
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.orders.mails import CONFIRMED_SUBJECT
from tests.mail.support import MailServer

LONGEST_THOUGHT_SECONDS = 0.03
ORDER = re.compile(r"order no\. (\d+)")


class Mailbox(MailServer):
    """Thinks a moment before and after it takes a mail, so that senders are killed in both moments."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(f"{seed} mailbox")
        self.times: Counter[str] = Counter()
        """How often each Message-ID came."""
        self.confirmations: dict[str, tuple[int, str]] = {}
        """By Message-ID: the order that was confirmed, and to whom."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the hook of aiosmtpd
        await self._think()
        message = message_from_bytes(envelope.content, policy=policy.default)  # type: ignore[arg-type]
        message_id = str(message["Message-ID"])
        self.times[message_id] += 1
        if message["Subject"] == CONFIRMED_SUBJECT:
            text = message.get_body(("plain",))
            order = ORDER.search(text.get_content() if text else "")
            self.confirmations[message_id] = (int(order[1]) if order else 0, envelope.rcpt_tos[0])
        await self._think()
        return "250 OK"

    @property
    def repeats(self) -> int:
        """Deliveries beyond the first of their Message-ID."""
        return self.times.total() - len(self.times)

    async def _think(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, LONGEST_THOUGHT_SECONDS))
