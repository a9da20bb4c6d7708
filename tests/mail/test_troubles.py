"""Every way in which an SMTP server fails, one after the other, under one worker: nothing lost, nothing doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
import pytest

from app.core.config import Settings
from app.core.db.transaction import Database
from app.jobs.worker import AnyWorker
from tests.command import free_port
from tests.mail.support import mail_server, make_due, queue, raw_server, smtp, worker_on

STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "end")
SENT = "SELECT count(*) FROM email_outbox WHERE status = 'sent'"


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, trouble: str, step: str) -> None:
    """A proper conversation but for that step; there, a refusal, silence, or the end of the connection."""

    async def answer(here: str, proper: str) -> bool:
        """Whether the conversation goes on."""
        if here == step and trouble == "silence":
            await reader.read()
        if here == step and trouble in {"silence", "drop"}:
            return False
        writer.write(f"{trouble if here == step else proper} words\r\n".encode())
        return True

    goes_on = await answer("greeting", "220")
    while goes_on and (command := await reader.readline()):
        verb = command[:4].decode().upper().replace("HELO", "EHLO")  # the one is tried after the other
        if verb == "DATA" and step != "DATA":
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            verb = "end"
        goes_on = await answer(verb, "250")


@asynccontextmanager
async def troubled_server(port: int, trouble: str, step: str) -> AsyncIterator[None]:
    if trouble == "refused connection":
        yield
        return
    async with raw_server(partial(converse, trouble=trouble, step=step), port):
        yield


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def worker(settings: Settings, database: Database, port: int) -> AnyWorker:
    """The one worker of a test; it lives through all that happens."""
    return worker_on(smtp(settings, port, smtp_timeout_seconds=1, mail_max_attempts=100), database)


async def recovered(worker: AnyWorker, raw: asyncpg.Connection, port: int, mails: int) -> None:
    """The server is well again: it gets each mail once, in all its drains."""
    async with mail_server(port=port) as server:
        for _ in range(2):
            await make_due(raw)
            await worker.drain()
        wanted = {row["message_id"] for row in await raw.fetch("SELECT message_id FROM email_outbox")}
        assert len(wanted) == mails
        assert sorted(server.message_ids) == sorted(wanted)
    assert await raw.fetchval(SENT) == mails


@pytest.mark.parametrize("trouble", ["421", "451", "550", "554", "silence", "drop"])
async def test_trouble_at_any_step_loses_nothing_and_doubles_nothing(
    raw: asyncpg.Connection, worker: AnyWorker, port: int, trouble: str
):
    """Seen to fail when a failure marks the mail as sent (lost), and when a sent mail stays pending (doubled)."""
    mails = 1 if trouble == "silence" else 3
    await queue(raw, mails)
    for step in STEPS:
        await make_due(raw)
        async with troubled_server(port, trouble, step):
            assert await worker.drain() == mails
        assert await raw.fetchval(SENT) == 0
    await recovered(worker, raw, port, mails)
    assert await raw.fetchval("SELECT every(attempts = $1) FROM email_outbox", len(STEPS) + 1)


async def test_an_evening_of_all_troubles(raw: asyncpg.Connection, worker: AnyWorker, port: int):
    troubles = ["refused connection", "silence", "451", "550", "drop", "refused connection"]
    for number, trouble in enumerate(troubles):
        await queue(raw, recipient=f"{number}@example.com")
        await make_due(raw)
        async with troubled_server(port, trouble, "end"):
            assert await worker.drain() == number + 1
        assert await raw.fetchval(SENT) == 0
    await recovered(worker, raw, port, len(troubles))
