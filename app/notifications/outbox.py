"""Mail is a row of the transaction whose business it tells of: it leaves after COMMIT or not at all."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.notifications.models import OutboxMail
from app.notifications.plain_text import plain_text

_MAX_SUBJECT = 998
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Outbox:
    """Queues mails. Links in them are absolute under `PUBLIC_BASE_URL`."""

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.public_base_url
        self._domain = settings.smtp_from.rpartition("@")[2]

    async def queue(self, session: AsyncSession, kind: str, recipient: str, subject: str, **context: Any) -> None:
        """Render `templates/<kind>.html` and write it to the outbox of this transaction."""
        await session.execute(insert(OutboxMail).values(self.row(kind, recipient, subject, **context)))

    def row(self, kind: str, recipient: str, subject: str, **context: Any) -> dict[str, str]:
        """The columns of a rendered mail, for those who insert many at once."""
        html = _templates.get_template(f"{kind}.html").render(base_url=self._base_url, **context)
        return {
            "message_id": f"<{uuid4().hex}@{self._domain}>",
            "kind": kind,
            "recipient": recipient,
            "subject": one_line(subject)[:_MAX_SUBJECT],
            "html": html,
            "text": plain_text(html),
        }


def one_line(subject: str) -> str:
    """Control characters become spaces: no header is ever opened by a title."""
    return _CONTROL_CHARACTERS.sub(" ", subject)
