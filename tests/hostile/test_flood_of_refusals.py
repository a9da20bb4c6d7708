"""A flood of refusals: it fills neither the table nor the log, and takes no connections from the shop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest
from httpx2 import AsyncClient

from app.accounts.security.noting import LINES_A_MINUTE
from app.accounts.security.repository import ROOM_OF_A_KIND
from app.core.config import Settings
from tests.processes.support import Premises, own_database, trading

FORGED = {"Authorization": "Bearer forged"}
FLOOD, AT_ONCE = 1500, 40
HONEST = 40


@pytest.fixture
async def exposed(server_url: str, template_url: str, settings: Settings, tmp_path: Path) -> AsyncIterator[Premises]:
    """One server process behind a proxy that it believes, so that a flood can come from many networks."""
    behind = {"TRUSTED_PROXIES": "127.0.0.1", "DB_POOL_SIZE": "8"}
    async with own_database(server_url) as url, trading(url, settings, tmp_path, "--no-worker", **behind) as premises:
        yield premises


def network(number: int) -> dict[str, str]:
    """A header that puts the request of that number into a network of its own."""
    return {"X-Forwarded-For": f"10.{number // 250 % 250}.{number % 250}.9"}


@asynccontextmanager
async def flooded(client: AsyncClient, headers: dict[str, str]) -> AsyncIterator[list[int]]:
    """So many requests for orders as the machine can take, from ever new networks, until the block ends."""
    stop, statuses = asyncio.Event(), list[int]()

    async def pour(number: int) -> None:
        while not stop.is_set():
            number += AT_ONCE
            statuses.append((await client.get("/orders", headers=headers | network(number))).status_code)

    floods = [asyncio.create_task(pour(number)) for number in range(AT_ONCE)]
    await asyncio.sleep(0)
    try:
        yield statuses
    finally:
        stop.set()
        await asyncio.gather(*floods)


async def honest(client: AsyncClient) -> float:
    """How long somebody waits for the list of books, in seconds."""
    waits = []
    for _ in range(HONEST):
        began = perf_counter()
        assert (await client.get("/books")).status_code == 200
        waits.append(perf_counter() - began)
    return median(waits)


async def test_a_flood_fills_neither_the_table_nor_the_log(exposed: Premises):
    """Seen to fail without the room of a kind (1500 rows), and without the bound on lines."""
    client = exposed.shop.client
    for first in range(0, FLOOD, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, FLOOD))
        answers = await asyncio.gather(*(client.get("/orders", headers=FORGED | network(n)) for n in numbers))
        assert {answer.status_code for answer in answers} == {401}
    rows, times = await exposed.raw.fetchrow("SELECT count(*), sum(times) FROM security_events")
    minutes = await exposed.raw.fetchval("SELECT count(*) FROM security_events WHERE detail ? 'crowded'")
    assert rows == ROOM_OF_A_KIND + minutes
    assert 1 <= minutes < 10
    assert FLOOD / 2 < times <= FLOOD
    lines = exposed.log.read_text().count("event=access_token_refused")
    assert LINES_A_MINUTE <= lines <= LINES_A_MINUTE * (minutes + 1)


async def test_a_flood_of_refusals_takes_one_connection_and_slows_nobody_more_than_any_other(exposed: Premises):
    """Seen to fail (8 connections) without the turns."""
    client, most = exposed.shop.client, 0
    async with flooded(client, {}) as plain:
        usual = await honest(client)
    async with flooded(client, FORGED) as refused:
        watch = asyncio.create_task(_most_at_once(exposed))
        under_flood = await honest(client)
        watch.cancel()
        most = await _stopped(watch)
    assert {*plain, *refused} == {401}
    assert len(refused) > AT_ONCE
    assert most <= 1
    assert under_flood < 4 * usual


async def _most_at_once(premises: Premises) -> int:
    """The most connections that ever stored events at one moment, until cancelled."""
    most = 0
    query = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE '%bookstore_note_security_event(%'
              AND pid <> pg_backend_pid()
    """
    try:
        while True:
            most = max(most, await premises.raw.fetchval(query))
            await asyncio.sleep(0.002)
    except asyncio.CancelledError:
        return most


async def _stopped(watch: "asyncio.Task[int]") -> int:
    return await watch
