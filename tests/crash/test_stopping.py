"""A shop that is told to stop finishes what is under way, and nothing of it stays behind."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import psutil
import pytest

from app.cli.serving import CannotServe, check_port
from app.core.db.server import driver_url
from tests.command import RunningShop, serving
from tests.crash.test_crashes import ONE_SALE, check_out, enter, facts
from tests.races.support import blocked

PATIENCE_SECONDS = 60
PATIENT = {"PAYMENT_MOCK_SUCCESS_RATE": "1", "LOCK_TIMEOUT_MS": "60000", "STATEMENT_TIMEOUT_MS": "60000"}


@asynccontextmanager
async def checking_out(
    shop: RunningShop, headers: dict[str, str], url: str
) -> AsyncIterator["asyncio.Task[httpx2.Response]"]:
    """A checkout that is under way through the block: it waits for a book."""
    holder = await asyncpg.connect(driver_url(url))
    try:
        async with holder.transaction():
            await holder.execute("SELECT * FROM books WHERE id = 1 FOR UPDATE")
            waiting = asyncio.create_task(asyncio.to_thread(check_out, shop, headers))
            await blocked(holder, waiting)
            yield waiting
    finally:
        await holder.close()


async def answer_after(
    stop: Callable[[], None], shop: RunningShop, headers: dict[str, str], url: str
) -> httpx2.Response:
    """The answer to a checkout that is under way when `stop` is called and the servers close their doors."""
    servers = servers_of(shop)
    async with checking_out(shop, headers, url) as waiting:
        stop()
        await until(lambda: not any(map(is_listening, servers)))
    return await waiting


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if reached():
                return
            await asyncio.sleep(0.02)


def servers_of(shop: RunningShop) -> list[psutil.Process]:
    """The processes that answer requests."""
    process = psutil.Process(shop.process.pid)
    return [child for child in process.children() if "spawn_main" in command(child)] or [process]


def command(process: psutil.Process) -> str:
    """The command line; empty when the process ended this instant, as helpers do."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def is_listening(process: psutil.Process) -> bool:
    return any(place.status == psutil.CONN_LISTEN for place in process.net_connections("tcp"))


def is_free(port: int) -> bool:
    try:
        check_port("127.0.0.1", port)
    except CannotServe:
        return False
    return True


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_told_to_stop_it_answers_the_checkout_under_way(
    workers: str, with_signal: signal.Signals, database_url: str, tmp_path: Path
):
    """Seen to fail with no time for requests under way (`GRACE_SECONDS = 0`): no answer, no order."""
    settings = PATIENT | {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
    with serving(tmp_path / "log", "--demo", "--workers", workers, **settings) as shop:
        headers = enter(shop)

        def stop() -> None:
            shop.process.send_signal(with_signal)

        answer = asyncio.run(answer_after(stop, shop, headers, database_url))
        assert answer.status_code == 201
        assert shop.process.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in shop.log.read_text()
    assert asyncio.run(facts(database_url)) == ONE_SALE


def test_servers_whose_supervisor_was_killed_stop_in_good_order_too(database_url: str, tmp_path: Path):
    """Seen to fail without `end_with_supervisor`: they served on, and no new shop could have the port."""
    settings = PATIENT | {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
    with serving(tmp_path / "log", "--demo", "--workers", "2", **settings) as shop:
        headers = enter(shop)
        answer = asyncio.run(answer_after(shop.process.kill, shop, headers, database_url))
        assert answer.status_code == 201
        port = int(shop.address.rpartition(":")[2])
        asyncio.run(until(lambda: is_free(port)))
    assert asyncio.run(facts(database_url)) == ONE_SALE
