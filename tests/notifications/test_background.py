"""`serve` runs one worker, whatever the number of its processes; another takes over when that one dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from aiosmtpd.smtp import Envelope

from app.background import background_jobs
from app.core.config import Settings
from app.core.db.transaction import Database
from app.core.embedded import locks
from app.main import create_app, create_app_with_worker
from tests.command import RunningShop, serving
from tests.notifications.support import MailServer, queue, smtp, state
from tests.notifications.test_wake_up import LISTENERS, deliveries, listeners

PATIENCE = 30


@asynccontextmanager
async def served(database_url: str, data: Path, server: MailServer, *words: str) -> AsyncIterator[RunningShop]:
    """`bookstore serve` with mail going to `server`; waiting for it leaves the loop to the others."""
    settings = {
        "DATABASE_URL": database_url,
        "BOOKSTORE_DATA": str(data),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(server.port),
        "SMTP_STARTTLS": "false",
    }
    running = serving(data / "log", *words, **settings)
    shop = await asyncio.to_thread(running.__enter__)
    try:
        yield shop
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


def register(shop: RunningShop) -> None:
    account = {"email": "ann@example.com", "password": "a long password"}
    assert shop.post("/auth/register", json=account).status_code == 201


async def test_a_registration_sends_its_mail(
    server: MailServer, raw: asyncpg.Connection, database_url: str, tmp_path: Path
):
    arrived = deliveries(server)
    async with served(database_url, tmp_path, server) as shop, asyncio.timeout(PATIENCE):
        await asyncio.to_thread(register, shop)
        assert await arrived.get() == "ann@example.com"
    assert server.accepted[0]["Subject"] == "Confirm your e-mail address"
    assert "Traceback" not in (tmp_path / "log").read_text()


async def test_a_server_told_to_stop_finishes_the_mail_under_way(
    server: MailServer, raw: asyncpg.Connection, database_url: str, tmp_path: Path
):
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_: Envelope) -> str:
        reached.set()
        await go_on.wait()
        return "250 OK"

    server.before_data = hold
    [mail] = await queue(raw)
    async with served(database_url, tmp_path, server) as shop, asyncio.timeout(PATIENCE):
        await reached.wait()
        shop.process.terminate()
        go_on.set()
        await asyncio.to_thread(shop.process.wait)
    assert (await state(raw, mail))["status"] == "sent"


async def test_no_worker_means_none(server: MailServer, raw: asyncpg.Connection, database_url: str, tmp_path: Path):
    async with served(database_url, tmp_path, server, "--no-worker") as shop:
        await asyncio.to_thread(register, shop)
        assert await raw.fetch(LISTENERS) == []
        assert not (tmp_path / "worker.lock").exists()
    assert await raw.fetchval("SELECT (status, attempts) = ('pending', 0) FROM email_outbox")


async def test_of_several_processes_one_runs_the_worker_and_another_takes_over_when_it_is_killed(
    server: MailServer, raw: asyncpg.Connection, database_url: str, tmp_path: Path
):
    arrived = deliveries(server)
    async with (
        served(database_url, tmp_path, server, "--workers", "2") as shop,
        asyncio.timeout(PATIENCE),
    ):
        await listeners(raw, lambda now: len(now) == 1)
        processes = psutil.Process(shop.process.pid).children(recursive=True)
        [holder] = [process for process in processes if has_lock(process)]
        holder.kill()
        await queue(raw, recipient="after@example.com")
        assert await arrived.get() == "after@example.com"


def has_lock(process: psutil.Process) -> bool:
    return any(file.path.endswith("worker.lock") for file in process.open_files())


async def test_while_another_process_has_the_lock_no_worker_starts(
    server: MailServer,
    raw: asyncpg.Connection,
    database: Database,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Seen to fail when the lock is asked for once and not waited for."""
    attempts: asyncio.Queue[None] = asyncio.Queue()
    arrived = deliveries(server)

    def claim(path: Path) -> int | None:
        attempts.put_nowait(None)
        return locks.claim(path)

    monkeypatch.setattr("app.background.claim", claim)
    monkeypatch.setattr("app.background.TURN_SECONDS", 0.01)
    await queue(raw)
    sending = smtp(settings, server.port, bookstore_data=tmp_path)
    async with asyncio.timeout(PATIENCE):
        with locks.exclusive(tmp_path / "worker.lock"):
            async with background_jobs(sending, database, one_of_many=True):
                for _ in range(5):
                    await attempts.get()
            assert await raw.fetchval("SELECT attempts FROM email_outbox") == 0
        async with background_jobs(sending, database, one_of_many=True):
            await arrived.get()


async def test_where_no_lock_can_be_had_the_worker_runs_all_the_same(
    server: MailServer, raw: asyncpg.Connection, database: Database, settings: Settings, tmp_path: Path
):
    (tmp_path / "file").touch()
    arrived = deliveries(server)
    await queue(raw)
    sending = smtp(settings, server.port, bookstore_data=tmp_path / "file" / "below")
    async with background_jobs(sending, database, one_of_many=True), asyncio.timeout(PATIENCE):
        await arrived.get()


async def test_only_the_factory_of_serve_starts_a_worker(
    raw: asyncpg.Connection, database_url: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    variables: dict[str, Any] = {"ENV": "test", "DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    plain = create_app()
    async with plain.router.lifespan_context(plain):
        assert not (tmp_path / "worker.lock").exists()
    working = create_app_with_worker()
    async with working.router.lifespan_context(working):
        await listeners(raw, lambda now: len(now) == 1)
    await listeners(raw, lambda now: now == [])
