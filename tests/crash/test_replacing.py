"""A server process that dies is replaced, whatever the database does at that moment."""

import asyncio
from pathlib import Path

import asyncpg
import httpx2
from sqlalchemy.engine import make_url

from app.core.db.server import driver_url
from tests.command import RunningShop, serving
from tests.crash.test_stopping import PATIENCE_SECONDS, servers_of, until

OPEN = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"
SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
NUMBER = 2


def test_a_server_replaced_while_the_database_is_down_waits_for_it(
    database_url: str, server_url: str, tmp_path: Path
):
    """Seen to fail when the replacement refused to start: its supervisor ended the whole shop, and for good."""
    settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path), "LOG_LEVEL": "WARNING"}
    with serving(tmp_path / "log", "--workers", str(NUMBER), "--no-worker", **settings) as shop:
        asyncio.run(replace_while_down(shop, server_url, make_url(database_url).database or ""))
        asyncio.run(until(lambda: len(servers_of(shop)) == NUMBER and all(is_ready(shop) for _ in range(20))))


async def replace_while_down(shop: RunningShop, server_url: str, name: str) -> None:
    """Returns when the database is up again, and a replacement has met it while it was down."""
    administrator = await asyncpg.connect(driver_url(server_url))
    try:
        await administrator.execute(OPEN.format(name, "false"))
        await administrator.execute(SESSIONS, name)
        for server in servers_of(shop):  # all of them: one that is still starting would say the same
            server.kill()
            server.wait(PATIENCE_SECONDS)
        said = len(log_of(shop))
        await until(lambda: "answered 503 until" in log_of(shop)[said:])
        await administrator.execute(OPEN.format(name, "true"))
    finally:
        await administrator.close()


def log_of(shop: RunningShop) -> str:
    assert shop.process.poll() is None, shop.log.read_text()
    return shop.log.read_text()


def is_ready(shop: RunningShop) -> bool:
    """Each time on a connection of its own, so that either process may answer."""
    try:
        return shop.get("/health/ready").status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
