"""Workers that share an outbox, die, are stopped, and lose the database for a moment."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiosmtpd.smtp import Envelope

from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.jobs.worker import Worker
from app.mail.delivery import make_delivery
from app.mail.repository import Mail
from app.mail.sending import MailSource
from tests.command import BOOKSTORE, environment
from tests.mail.support import MailServer, make_due, queue, smtp, state, worker_on

PATIENCE = 30


class Gate:
    """Holds the mails that reach a server, each until it is let go with its answer."""

    def __init__(self, server: MailServer) -> None:
        self._arrivals: asyncio.Queue[asyncio.Future[str]] = asyncio.Queue()
        server.before_data = self._hold

    async def _hold(self, _: Envelope) -> str:
        answer = asyncio.get_running_loop().create_future()
        self._arrivals.put_nowait(answer)
        return await answer

    async def arrival(self) -> asyncio.Future[str]:
        """The next mail that is in mid-delivery."""
        async with asyncio.timeout(PATIENCE):
            return await self._arrivals.get()


@pytest.fixture
def gate(server: MailServer) -> Gate:
    return Gate(server)


async def test_workers_at_once_send_nothing_twice(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings
):
    """Four mails are held until four workers are in mid-delivery. Seen to fail without the lease in the claim."""
    mails = await queue(raw, 40)
    together = asyncio.Barrier(4)

    async def meet(_: Envelope) -> str:
        if server.asked <= 4:
            await together.wait()
        return "250 OK"

    server.before_data = meet
    workers = [worker_on(smtp(settings, server.port), database) for _ in range(4)]
    handled = await asyncio.gather(*(worker.drain() for worker in workers))
    assert sum(handled) == len(mails)
    assert all(handled)
    assert len(server.message_ids) == len(set(server.message_ids)) == len(mails)
    assert await raw.fetchval("SELECT count(*) FROM email_outbox WHERE status = 'sent' AND attempts = 1") == len(
        mails
    )


async def test_a_row_that_another_transaction_holds_is_passed_by(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings
):
    """Seen to fail without SKIP LOCKED: the claim waits for the row until its lock timeout."""
    held, free = await queue(raw, 2)
    async with raw.transaction():
        await raw.execute("SELECT FROM email_outbox WHERE id = $1 FOR UPDATE", held)
        assert await worker_on(smtp(settings, server.port), database).drain() == 1
    assert (await state(raw, held))["status"] == "pending"
    assert (await state(raw, free))["status"] == "sent"


async def test_a_failure_that_comes_late_leaves_the_claim_of_another_alone(
    server: MailServer, gate: Gate, raw: asyncpg.Connection, database: Database, settings: Settings
):
    """Seen to fail when a failure is recorded whatever the number of attempts: a third worker could have it then."""
    [mail] = await queue(raw)
    slow = asyncio.create_task(worker_on(smtp(settings, server.port), database).drain())
    first = await gate.arrival()
    await make_due(raw)
    fast = asyncio.create_task(worker_on(smtp(settings, server.port), database).drain())
    second = await gate.arrival()
    first.set_result("451 Too late")
    await slow
    row = await state(raw, mail)
    assert row["attempts"] == 2
    assert row["locked_until"] > row["next_attempt_at"]
    assert await worker_on(smtp(settings, server.port), database).drain() == 0
    second.set_result("250 OK")
    await fast
    assert (await state(raw, mail))["status"] == "sent"


async def test_a_sent_mail_is_marked_although_the_database_is_busy_at_first(
    server: MailServer, gate: Gate, raw: asyncpg.Connection, database_url: str, settings: Settings
):
    """Seen to fail when the mark is tried once only: the mail is sent again when its lease ends."""
    [mail] = await queue(raw)
    engine = make_engine(database_url, settings.model_copy(update={"lock_timeout_ms": 50}))
    refused = asyncio.Event()

    class Watched(Database):
        async def transaction(self, work, **options):
            try:
                return await super().transaction(work, **options)
            except TryAgain:
                refused.set()
                raise

    worker = asyncio.create_task(worker_on(smtp(settings, server.port), Watched(engine)).drain())
    held = await gate.arrival()
    async with raw.transaction():
        await raw.execute("SELECT FROM email_outbox FOR UPDATE")
        held.set_result("250 OK")
        await refused.wait()
    assert await worker == 1
    await engine.dispose()
    await make_due(raw)
    assert (await state(raw, mail))["status"] == "sent"
    assert len(server.accepted) == 1


async def test_stop_finishes_the_mail_under_way_and_begins_no_other(
    server: MailServer, gate: Gate, raw: asyncpg.Connection, database: Database, settings: Settings
):
    first, second = await queue(raw, 2)
    worker = worker_on(smtp(settings, server.port), database)
    running = asyncio.create_task(worker.run())
    held = await gate.arrival()
    worker.stop()
    held.set_result("250 OK")
    async with asyncio.timeout(PATIENCE):
        await running
    assert (await state(raw, first))["status"] == "sent"
    assert (await state(raw, second))["attempts"] == 0


async def test_a_stumbling_worker_goes_on(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings
):
    """What nobody foresaw happens once in a claim; the worker is there for the mail all the same."""
    [mail] = await queue(raw)
    sent = asyncio.Event()

    class Stumbling(Worker[Mail]):
        stumbled = False

        async def drain(self) -> int:
            if not self.stumbled:
                self.stumbled = True
                raise RuntimeError("unforeseen")
            handled = await super().drain()
            sent.set()
            return handled

    settings = smtp(settings, server.port)
    source = MailSource(settings, make_delivery(settings))
    worker = Stumbling(database, source, look_seconds=0.01)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE):
        await sent.wait()
        worker.stop()
        await running
    assert (await state(raw, mail))["status"] == "sent"


@asynccontextmanager
async def worker_process(database_url: str, data: Path, port: int) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A `bookstore worker`; killed at the end if it is still there."""
    variables = {
        "DATABASE_URL": database_url,
        "BOOKSTORE_DATA": str(data),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(port),
        "SMTP_STARTTLS": "false",
    }
    with (data / "log").open("wb") as log:
        process = subprocess.Popen([BOOKSTORE, "worker"], env=environment(variables), stdout=log, stderr=log)  # noqa: ASYNC220 - it returns at once
        try:
            yield process
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)


async def test_killed_before_the_server_accepts_another_delivers(
    server: MailServer,
    gate: Gate,
    raw: asyncpg.Connection,
    database: Database,
    database_url: str,
    settings: Settings,
    tmp_path: Path,
):
    [mail] = await queue(raw)
    async with worker_process(database_url, tmp_path, server.port) as process:
        await gate.arrival()
        process.kill()
        await asyncio.to_thread(process.wait)
    row = await state(raw, mail)
    assert (row["status"], row["attempts"]) == ("pending", 1)
    assert row["locked_until"] is not None
    server.before_data = None
    other = worker_on(smtp(settings, server.port), database)
    assert await other.drain() == 0, "the lease holds"
    await make_due(raw)
    assert await other.drain() == 1
    assert server.message_ids == [row["message_id"]]
    assert (await state(raw, mail))["status"] == "sent"


async def test_killed_after_the_server_accepted_the_repeat_has_the_same_message_id(
    server: MailServer,
    gate: Gate,
    raw: asyncpg.Connection,
    database: Database,
    database_url: str,
    settings: Settings,
    tmp_path: Path,
):
    """A lock on the row keeps the worker from marking the mail until it is killed."""
    [mail] = await queue(raw)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with worker_process(database_url, tmp_path, server.port) as process:
        held = await gate.arrival()
        async with raw.transaction(), asyncio.timeout(PATIENCE):
            await raw.execute("SELECT FROM email_outbox FOR UPDATE")
            held.set_result("250 OK")
            while not await raw.fetchval(waiting):
                await raw.execute("SELECT pg_stat_clear_snapshot()")
            process.kill()
            await asyncio.to_thread(process.wait)
            await raw.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    assert (await state(raw, mail))["status"] == "pending"
    server.before_data = None
    await make_due(raw)
    assert await worker_on(smtp(settings, server.port), database).drain() == 1
    row = await state(raw, mail)
    assert server.message_ids == [row["message_id"]] * 2
    assert row["status"] == "sent"


async def test_a_worker_process_told_to_stop_finishes_its_mail(
    server: MailServer, gate: Gate, raw: asyncpg.Connection, database_url: str, tmp_path: Path
):
    [mail] = await queue(raw)
    async with worker_process(database_url, tmp_path, server.port) as process:
        held = await gate.arrival()
        process.send_signal(signal.SIGTERM)
        held.set_result("250 OK")
        assert await asyncio.to_thread(process.wait) == 0, (tmp_path / "log").read_text()
    assert (await state(raw, mail))["status"] == "sent"
    assert "Traceback" not in (tmp_path / "log").read_text()
