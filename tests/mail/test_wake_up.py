"""A COMMIT wakes the workers of its own process, without a NOTIFY; those of other processes look for themselves."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg
from aiosmtpd.smtp import Envelope
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.db.batch import Batch
from app.core.db.transaction import Database
from app.jobs.wake import Alarm
from app.jobs.worker import AnyWorker
from app.mail.outbox import Outbox
from app.mail.service import OutboxService
from tests.mail.support import MailServer, queue, smtp, worker_on
from tests.support import Shop

NEVER = 1_000_000.0
PATIENCE = 30


@contextmanager
def watched(worker: AnyWorker) -> Iterator[asyncio.Event]:
    """Set while the worker waits."""

    class Watched(Alarm):
        async def wait(self, seconds: float) -> None:
            waiting.set()
            await super().wait(seconds)
            waiting.clear()

    waiting = asyncio.Event()
    worker.alarm = Watched(worker.alarm.name)
    yield waiting


@asynccontextmanager
async def at_work(worker: AnyWorker) -> AsyncIterator[asyncio.Event]:
    """The worker at work; the event is set while it waits."""
    with watched(worker) as waiting:
        task = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(PATIENCE):
                yield waiting
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


def outbox(live: Shop) -> Outbox:
    return live.app.state.outbox


async def test_a_committed_mail_wakes_a_worker_that_would_never_look(
    server: MailServer, live: Shop, database: Database, settings: Settings
):
    """Both ways of queueing. Seen to fail without the wake-up of either: nothing else ends the wait."""

    async def at_once(session: AsyncSession) -> None:
        await outbox(live).queue(session, "password_changed", "now@example.com", "S", time="noon")

    async def at_the_end(session: AsyncSession) -> None:
        batch = Batch(session)
        outbox(live).queue_in(batch, "password_changed", "later@example.com", "S", time="noon")
        await batch.send()

    arrived = deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, look_seconds=NEVER)) as waiting:
        for work, recipient in ((at_once, "now@example.com"), (at_the_end, "later@example.com")):
            await waiting.wait()
            await database.transaction(work)
            assert await arrived.get() == recipient


async def test_a_mail_that_is_rolled_back_wakes_nobody(live: Shop, database: Database):
    """Seen to fail when the alarm rings as soon as the mail is queued."""
    alarm = Alarm("mail")

    async def work(session: AsyncSession) -> None:
        await outbox(live).queue(session, "password_changed", "a@example.com", "S", time="noon")
        raise RuntimeError

    try:
        await database.transaction(work)
    except RuntimeError:
        assert not alarm._rung.is_set()
    else:
        raise AssertionError("it was committed")


async def test_mails_to_those_who_wait_for_a_book_wake_a_worker(
    server: MailServer, live: Shop, database: Database, settings: Settings
):
    staff, reader, book = await live.admin(), await live.person(), await live.book(stock_quantity=0)
    answer = await live.client.post("/prebooks", json={"book_id": book}, headers=reader.headers)
    assert answer.status_code == 201, answer.text
    arrived = deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, look_seconds=NEVER)) as waiting:
        await waiting.wait()
        change = {"quantity": 3}
        answer = await live.client.patch(f"/books/{book}/stock", json=change, headers=staff.headers)
        assert answer.status_code == 200, answer.text
        assert await arrived.get() == reader.email


async def test_queueing_again_wakes_a_worker(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings
):
    """Seen to fail without the wake-up of a requeue."""
    [mail] = await queue(raw, status="dead", attempts=8)
    arrived = deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, look_seconds=NEVER)) as waiting:
        await waiting.wait()
        await database.transaction(lambda session: OutboxService(session).requeue(mail))
        await arrived.get()


async def test_what_another_process_queues_is_found_by_looking(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings
):
    arrived = deliveries(server)
    async with at_work(worker_on(smtp(settings, server.port), database, look_seconds=0.01)):
        for number in range(3):
            await queue(raw, recipient=f"{number}@example.com")
            assert await arrived.get() == f"{number}@example.com"


async def test_no_trigger_and_no_function_of_the_shop_notifies(raw: asyncpg.Connection):
    """NOTIFY takes a lock of the whole server at COMMIT: transactions of the shop would wait for one another."""
    notifying = await raw.fetch(
        "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace "
        "WHERE nspname = 'public' AND prosrc ~* '(pg_notify|notify\\s)'"
    )
    assert notifying == []
