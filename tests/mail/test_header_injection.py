"""Titles that try to open headers, end the mail or speak to the server, over a socket."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import asyncpg
from aiosmtpd.smtp import Envelope

from app.core.config import Settings
from app.core.db.transaction import Database
from tests.catalog.support import set_stock
from tests.mail.support import MailServer, queue, smtp, worker_on
from tests.support import Shop

HEADERS = ["Subject", "From", "To", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "List-Unsubscribe"]
HEADERS += ["List-Unsubscribe-Post", "Content-Type"]
PARTS = ["multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png"]
TITLES = {
    "line ends": ("A\r\nBcc: all@example.com\r\n\r\nBody", "A  Bcc: all@example.com    Body"),
    "a bare line feed": ("A\nBcc: all@example.com", "A Bcc: all@example.com"),
    "a bare carriage return": ("A\rBcc: all@example.com", "A Bcc: all@example.com"),
    "a folded line": ("A\r\n Bcc: all@example.com", "A   Bcc: all@example.com"),
    "line ends of Unicode": ("A\u2028Bcc: x@y.example\u2029\u0085b", "A Bcc: x@y.example  b"),
    "an encoded word": ("=?utf-8?q?A=0D=0ABcc:_all@example.com?=", "=?utf-8?q?A=0D=0ABcc:_all@example.com?="),
    "an encoded word in base64": ("A =?utf-8?b?DQoNCmJvZHk=?= b", "A =?utf-8?b?DQoNCmJvZHk=?= b"),
    "half an encoded word": ("=?utf-8?q?", "=?utf-8?q?"),
    "the end of the mail": ("A\r\n.\r\nMAIL FROM:<x@y.example>\r\n", "A  .  MAIL FROM:<x@y.example>  "),
    "very long": ("Wort " * 99 + "Ende", "Wort " * 99 + "Ende"),
    "very long without a space": ("x" * 500, "x" * 500),
    "very long and not of ASCII": ("Ä" * 500, "Ä" * 500),
    "emoji": ("👩🏽‍🚀📚" * 50, "👩🏽‍🚀📚" * 50),
    "right to left": ("\u202eמשלי שועלים", "\u202eמשלי שועלים"),
}


async def test_no_title_opens_a_header(
    live: Shop, raw: asyncpg.Connection, server: MailServer, database: Database, settings: Settings
):
    """Seen to fail for the line ends without `one_line`, for the encoded words with the library's own Subject."""
    admin, reader = await live.admin(), await live.person()
    for title, _ in TITLES.values():
        book = await live.book(stock_quantity=0, title=title)
        await raw.execute("INSERT INTO pre_bookings (user_id, book_id) VALUES ($1, $2)", reader.id, book)
        await set_stock(live, admin, book, 1)
    await worker_on(smtp(settings, server.port), database).drain()
    subjects = [proper(envelope, reader.email)["Subject"] for envelope in server.envelopes]
    assert subjects == [f"'{shown}' is back in stock" for _, shown in TITLES.values()]


async def test_no_row_of_the_outbox_does_whoever_wrote_it(
    raw: asyncpg.Connection, server: MailServer, database: Database, settings: Settings
):
    """The subject as it stands in the row; in the bodies and the address to unsubscribe as well."""
    for title, _ in TITLES.values():
        body: dict[str, Any] = {"html": f"<p>{title}</p>\r\n.\r\nQUIT\r\n", "text": f"{title}\r\n.\r\nQUIT\r\n"}
        address = "https://books.example/?" + title.encode("ascii", "ignore").decode()
        await queue(raw, subject=title, unsubscribe_url=address, **body)
    await worker_on(smtp(settings, server.port), database).drain()
    subjects = [str(proper(envelope, "ann@example.com")["Subject"]).strip() for envelope in server.envelopes]
    assert subjects == [shown.strip() for _, shown in TITLES.values()]


def proper(envelope: Envelope, recipient: str) -> EmailMessage:
    """The mail, which went to that recipient alone and has the headers and parts that the shop writes, each once."""
    assert envelope.rcpt_tos == [recipient]
    message = message_from_bytes(envelope.content, policy=policy.default)  # type: ignore[arg-type]
    assert isinstance(message, EmailMessage)
    assert message.keys() == HEADERS
    assert not message.defects
    assert [part.get_content_type() for part in message.walk()] == PARTS
    return message
