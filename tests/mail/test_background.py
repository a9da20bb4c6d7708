"""Each process of `serve` works off mails and jobs; the others go on when one dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from aiosmtpd.smtp import Envelope

from app.core.config import Settings
from app.main import create_app, create_app_with_worker
from tests.command import RunningShop, serving
from tests.mail.support import MailServer, queue, state
from tests.mail.test_wake_up import deliveries

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
    assert await raw.fetchval("SELECT (status, attempts) = ('pending', 0) FROM email_outbox")
    assert await raw.fetchval("SELECT count(*) FROM jobs") == 0


async def test_when_a_process_is_killed_the_others_work_on(
    server: MailServer, raw: asyncpg.Connection, database_url: str, tmp_path: Path
):
    arrived = deliveries(server)
    async with (
        served(database_url, tmp_path, server, "--workers", "2") as shop,
        asyncio.timeout(PATIENCE),
    ):
        servers = [
            child for child in psutil.Process(shop.process.pid).children() if "spawn_main" in str(child.cmdline())
        ]
        assert len(servers) == 2
        servers[0].kill()
        await queue(raw, recipient="after@example.com")
        assert await arrived.get() == "after@example.com"


async def test_only_the_factory_of_serve_starts_workers(
    raw: asyncpg.Connection, database_url: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    variables: dict[str, Any] = {"ENV": "test", "DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    plain = create_app()
    async with plain.router.lifespan_context(plain):
        await asyncio.sleep(0.1)
    assert await raw.fetchval("SELECT count(*) FROM jobs") == 0
    working = create_app_with_worker()
    async with working.router.lifespan_context(working), asyncio.timeout(PATIENCE):
        while not await raw.fetchval("SELECT count(*) FROM jobs WHERE next_attempt_at > now()"):  # noqa: ASYNC110 - rows
            await asyncio.sleep(0.02)
    assert not await raw.fetchval("SELECT count(*) FROM jobs WHERE locked_until IS NOT NULL")
