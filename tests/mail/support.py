"""A real SMTP server for the tests, outbox rows, and workers on real connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import asyncpg
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.core.config import Settings
from app.core.db.transaction import Database
from app.jobs.worker import Worker
from app.mail.delivery import make_delivery
from app.mail.repository import Mail
from app.mail.sending import MailSource

HOST = "127.0.0.1"
Hook = Callable[[Envelope], Awaitable[str]]


@dataclass
class MailServer:
    """Notes what it accepts. `rcpt` and `data` are what it answers; `before_data` runs before it has accepted."""

    port: int = 0
    rcpt: str = "250 OK"
    data: str = "250 OK"
    accepted: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    sessions: int = 0
    asked: int = 0
    before_data: Hook | None = None

    async def handle_EHLO(  # noqa: N802 - the hook of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ):
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]):  # noqa: N802 - the hook of aiosmtpd
        self.asked += 1
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the hook of aiosmtpd
        answer = self.data
        if self.before_data:
            answer = await self.before_data(envelope)
        if answer.startswith("250"):
            self.envelopes.append(envelope)
            self.accepted.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return answer

    @property
    def message_ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.accepted]


@asynccontextmanager
async def mail_server(
    handler: MailServer | None = None, /, *, port: int = 0, **options: Any
) -> AsyncIterator[MailServer]:
    """aiosmtpd on a free port or that one, in the loop of the test, spoken to over a socket."""
    handler = handler or MailServer()
    loop = asyncio.get_running_loop()
    asked: dict[str, Any] = {"hostname": "mail.example", "enable_SMTPUTF8": True} | options

    def conversation() -> SMTP:
        handler.sessions += 1
        return SMTP(handler, loop=loop, **asked)

    server = await loop.create_server(conversation, HOST, port)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()


@asynccontextmanager
async def raw_server(
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], port: int = 0
) -> AsyncIterator[int]:
    """The port of a server that speaks as improperly as the test likes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await speak(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, HOST, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def smtp(settings: Settings, port: int, **changes: Any) -> Settings:
    """Settings that send to that port, without TLS unless told otherwise."""
    plain = {"smtp_host": HOST, "smtp_port": port, "smtp_starttls": False}
    return settings.model_copy(update=plain | changes)


def worker_on(settings: Settings, database: Database, **options: Any) -> Worker[Mail]:
    return Worker(database, MailSource(settings, make_delivery(settings)), **options)


async def queue(raw: asyncpg.Connection, number: int = 1, **columns: Any) -> list[int]:
    """The ids of new mails, one statement each."""
    ids = []
    for _ in range(number):
        row = {
            "message_id": f"<{uuid4().hex}@bookstore.example>",
            "kind": "restock",
            "recipient": "ann@example.com",
            "subject": "'Emma' is back in stock",
            "html": "<p>Bookstore: <b>Emma</b> is back</p>",
            "text": "Bookstore: Emma is back",
        } | columns
        names = ", ".join(row)
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        statement = f"INSERT INTO email_outbox ({names}) VALUES ({places}) RETURNING id"
        ids.append(await raw.fetchval(statement, *row.values()))
    return ids


async def state(raw: asyncpg.Connection, mail_id: int) -> asyncpg.Record:
    return await raw.fetchrow(
        "SELECT *, extract(epoch FROM next_attempt_at - now()) AS due_in FROM email_outbox WHERE id = $1", mail_id
    )


async def make_due(raw: asyncpg.Connection) -> None:
    """As if the pauses and leases of all mails were over."""
    await raw.execute("UPDATE email_outbox SET next_attempt_at = now(), locked_until = now() - interval '1 second'")
