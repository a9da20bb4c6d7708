"""NOTIFY wakes a worker; where there is no session to listen on, and where the session was lost, polling does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
from aiosmtpd.smtp import Envelope

from app.core.config import Settings
from app.core.db.server import driver_url
from app.core.db.transaction import Database
from app.notifications.bell import Bell, make_bell
from app.notifications.service import OutboxService
from app.notifications.worker import Worker
from tests.notifications.support import MailServer, queue, smtp, worker_on

NEVER = 1_000_000.0
PATIENCE = 30
LISTENERS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%bookstore_outbox%'
"""


async def listeners(raw: asyncpg.Connection, wanted: Callable[[list[asyncpg.Record]], object]) -> None:
    """Returns once the sessions that listen are as wanted."""
    async with asyncio.timeout(PATIENCE):
        while not wanted(await raw.fetch(LISTENERS)):
            await raw.execute("SELECT pg_stat_clear_snapshot()")


class WatchedBell(Bell):
    """Tells when the worker has gone to wait."""

    def __init__(self, url: str | None) -> None:
        super().__init__(url)
        self.waiting = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        self.waiting.set()
        await super().wait(seconds)
        self.waiting.clear()


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    finally:
        worker.stop()
        await task


def deliveries(server: MailServer) -> asyncio.Queue[str]:
    """Filled as mails reach the server."""
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def note(envelope: Envelope) -> str:
        arrived.put_nowait(envelope.rcpt_tos[0])
        return "250 OK"

    server.before_data = note
    return arrived


async def test_a_committed_mail_wakes_a_worker_that_would_never_poll(
    server: MailServer, raw: asyncpg.Connection, database: Database, database_url: str, settings: Settings
):
    """Seen to fail without the trigger: nothing else ends the wait."""
    bell, arrived = WatchedBell(driver_url(database_url)), deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, bell, poll_seconds=NEVER)):
        await bell.waiting.wait()
        async with raw.transaction():
            await queue(raw, recipient="first@example.com")
        assert await arrived.get() == "first@example.com"


async def test_a_lost_listening_session_is_replaced(
    server: MailServer, raw: asyncpg.Connection, database: Database, database_url: str, settings: Settings
):
    """Seen to fail when the end of the session does not ring."""
    bell, arrived = WatchedBell(driver_url(database_url)), deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, bell, poll_seconds=NEVER)):
        await bell.waiting.wait()
        [lost] = await raw.fetch(LISTENERS)
        await raw.execute("SELECT pg_terminate_backend($1)", lost["pid"])
        await listeners(raw, lambda now: now and now != [lost])
        await queue(raw)
        await arrived.get()


async def test_queueing_again_wakes_a_worker(
    server: MailServer, raw: asyncpg.Connection, database: Database, database_url: str, settings: Settings
):
    """Seen to fail without the NOTIFY of a requeue: the trigger is for inserts."""
    [mail] = await queue(raw, status="dead", attempts=8)
    bell, arrived = WatchedBell(driver_url(database_url)), deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, bell, poll_seconds=NEVER)):
        await bell.waiting.wait()
        await database.transaction(lambda session: OutboxService(session).requeue(mail))
        await arrived.get()


async def test_behind_a_pooler_in_transaction_mode_a_worker_only_polls(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings
):
    pooled = smtp(settings, server.port, db_pooler="transaction")
    bell, arrived = make_bell(pooled, database), deliveries(server)
    async with at_work(worker_on(pooled, database, bell, poll_seconds=0.01)):
        for number in range(3):
            await queue(raw, recipient=f"{number}@example.com")
            assert await arrived.get() == f"{number}@example.com"
        assert await raw.fetch(LISTENERS) == []


async def test_a_worker_that_cannot_listen_polls(
    server: MailServer, raw: asyncpg.Connection, database: Database, database_url: str, settings: Settings
):
    bell, arrived = Bell(driver_url(database_url).replace("/bookstore_test_", "/nowhere_")), deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, bell, poll_seconds=0.01)):
        for _ in range(2):
            await queue(raw)
            await arrived.get()


async def test_a_stopped_worker_leaves_no_session(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings
):
    bell = make_bell(settings, database)
    async with at_work(worker_on(smtp(settings, server.port), database, bell)):
        await listeners(raw, lambda now: len(now) == 1)
    await listeners(raw, lambda now: now == [])
