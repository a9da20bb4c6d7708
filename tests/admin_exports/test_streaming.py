"""Exports from `bookstore serve` over real sockets: constant memory, and connections that come back."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.core.config import Settings
from app.core.db.transaction import SNAPSHOTS_AT_ONCE
from tests.admin_exports.support import read
from tests.processes.support import Premises, own_database, peaks, trading
from tests.support import Person

ROWS = 60_000
# All rows are some 20 MB as text, and several times as much as objects.
ROOM_MB = 12
OURS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"


@pytest.fixture(scope="module")
async def premises(
    server_url: str, template_url: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Premises]:
    async with own_database(server_url) as url, trading(url, settings, tmp_path_factory.mktemp("shop")) as premises:
        await premises.raw.execute(
            "INSERT INTO books (title, author, price, description)"
            f" SELECT 'Title ' || n, 'Author ' || n, 1.00, repeat('d', 200) FROM generate_series(1, {ROWS}) n"
        )
        yield premises


@pytest.fixture
async def admin(premises: Premises) -> Person:
    return await premises.shop.admin()


async def nobody_reads(premises: Premises) -> None:
    async with asyncio.timeout(30):
        while await premises.raw.fetchval(OURS):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)


async def test_memory_does_not_grow_with_the_rows(premises: Premises, admin: Person):
    """Seen to fail when the rows are fetched at once instead of from a cursor."""
    for _ in range(8):  # warms every process up
        await premises.shop.client.get("/admin/export/orders.csv", headers=admin.headers | {"Connection": "close"})
    before = peaks(premises)
    async with premises.shop.client.stream("GET", "/admin/export/books.csv", headers=admin.headers) as answer:
        content = b"".join([piece async for piece in answer.aiter_bytes()])
    grown = {pid: peak - before[pid] for pid, peak in peaks(premises).items()}
    assert max(grown.values()) < ROOM_MB, grown
    rows = read(content)
    assert len(rows) == ROWS
    assert [row["title"] for row in rows] == [f"Title {number}" for number in range(1, ROWS + 1)]


async def test_a_reader_who_hangs_up_frees_the_connection_at_once(premises: Premises, admin: Person):
    """More often than exports may run at once. Seen to fail when the snapshot is opened and never left."""
    for _ in range(2 * SNAPSHOTS_AT_ONCE + 1):
        async with premises.shop.client.stream("GET", "/admin/export/books.csv", headers=admin.headers) as answer:
            assert answer.status_code == 200
            pieces = answer.aiter_bytes()  # a name, or the reader would be collected, and have hung up already
            assert await anext(pieces)
            assert await premises.raw.fetchval(OURS) == 1
        await nobody_reads(premises)


async def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one(premises: Premises, admin: Person):
    async with premises.shop.client.stream("GET", "/admin/export/books.csv", headers=admin.headers) as answer:
        assert answer.status_code == 200
        await premises.raw.fetch(OURS.replace("count(*)", "pg_terminate_backend(pid)"))
        with pytest.raises(httpx2.RemoteProtocolError):
            await answer.aread()
    await nobody_reads(premises)
    assert (await premises.shop.client.get("/genres")).status_code == 200
