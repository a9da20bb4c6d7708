"""`bookstore serve` as its settings bound it: slow clients, crowds, and clients that hang up half-way."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.core.config import Settings
from tests.hostile.support import ask, others, request, say, status
from tests.processes.support import Premises, own_database, trading
from tests.races.support import blocked

SECONDS = {"HEADER_TIMEOUT_SECONDS": "1", "BODY_TIMEOUT_SECONDS": "1", "SEND_TIMEOUT_SECONDS": "1"}
CONNECTIONS, AT_WORK = 40, 5


@pytest.fixture(scope="module")
async def bounded(
    server_url: str, template_url: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Premises]:
    """A shop with small bounds."""
    folder = tmp_path_factory.mktemp("bounded")
    bounds = SECONDS | {"MAX_CONNECTIONS": str(CONNECTIONS), "MAX_REQUESTS_AT_WORK": str(AT_WORK)}
    async with own_database(server_url) as url, trading(url, settings, folder, "--no-worker", **bounds) as premises:
        yield premises


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(b"", b"", id="silent"),
        pytest.param(b"POST /auth/login HTTP/1.1\r\nHost: loc", b" 408 ", id="half a head"),
        pytest.param(
            b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
            b" 408 ",
            id="half a body",
        ),
    ],
)
async def test_a_slow_client_is_let_go(bounded: Premises, sent: bytes, expected: bytes):
    answer = await say(bounded.shop.client, sent)
    assert expected in answer


async def test_a_crowd_of_silent_connections_keeps_nobody_out(bounded: Premises):
    """Three times as many as there are places; who asks for something is answered at once."""
    host, port = bounded.shop.client.base_url.host, bounded.shop.client.base_url.port
    await ask(bounded.shop.client)
    async with others(bounded.shop.client) as alone:
        await asyncio.sleep(0.5)
    silent = await asyncio.gather(*[asyncio.open_connection(host, port) for _ in range(3 * CONNECTIONS)])
    try:
        async with others(bounded.shop.client) as crowded:
            for _ in range(10):
                assert status(await say(bounded.shop.client, request("GET", "/health"))) == 200
    finally:
        for _, writer in silent:
            writer.close()
    assert crowded.longest < 10 * max(alone.longest, 0.05)


async def test_who_comes_when_all_are_at_work_is_told_when_to_come_again(bounded: Premises):
    """All that may be at work wait for a row that is locked; `/health` is answered all the same."""
    shop = bounded.shop
    book_id, buyers = await shop.book(), [await shop.person() for _ in range(AT_WORK)]
    for buyer in buyers:
        await shop.add_to_cart(buyer, book_id)
    async with bounded.raw.transaction():
        await bounded.raw.execute("SELECT 1 FROM books WHERE id = $1 FOR UPDATE", book_id)
        waiting = [asyncio.create_task(shop.checkout(buyer)) for buyer in buyers]
        await blocked(bounded.raw, *waiting)
        turned_away = await shop.client.get("/books")
        assert turned_away.status_code == 503
        assert turned_away.json()["code"] == "BUSY_TRY_AGAIN"
        assert turned_away.headers["retry-after"] == "1"
        page = await shop.client.get("/shop", headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert page.headers["retry-after"] == "1"
        assert "The shop is busy" in page.text
        await ask(shop.client)
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [201] * AT_WORK
    assert (await shop.client.get("/books")).status_code == 200


async def test_half_a_body_changes_nothing(bounded: Premises):
    """`{"book_id": 1, "quantity": 10}` cut short could be another, valid request. Seen to fail where it was served."""
    shop = bounded.shop
    buyer, book_id = await shop.person(), await shop.book()
    body = b'{"book_id": %d}' % book_id
    head = request("POST", "/cart/items", b"", Content_Type="application/json", **buyer.headers)
    sent = head.replace(b"\r\n\r\n", b"\r\nContent-Length: 200\r\n\r\n") + body
    assert b" 408 " in await say(shop.client, sent)
    host, port = shop.client.base_url.host, shop.client.base_url.port
    _, writer = await asyncio.open_connection(host, port)
    writer.write(sent)
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.3)
    cart = await shop.client.get("/cart", headers=buyer.headers)
    assert cart.json()["items"] == []
