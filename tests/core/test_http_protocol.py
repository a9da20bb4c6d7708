"""The bounds of a connection, on real sockets: an application of a few lines behind the protocol of the shop."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from app.core.http_limits import HEADER_BYTES, HEADERS, HEADERS_BYTES, LINGER_SECONDS, REQUEST_LINE_BYTES, Limits
from app.core.http_protocol import bounded

QUICK = Limits(50, head_seconds=0.5, body_seconds=0.5, body_bytes_per_second=1000, send_seconds=0.5, tick_seconds=0.1)
PATIENCE = 20
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@dataclass
class Seen:
    """What came to the application."""

    scopes: list[Scope] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    hung_up: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    connections: set[Any] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read all, wait at `/wait` for the gate, send without end at `/endless`, answer at once at `/early`.

        At `/later` the gate stands before the reading.
        """
        self.scopes.append(scope)
        if scope["path"] == "/later":
            await self.gate.wait()
        if scope["path"] != "/early" and (body := await self._read(receive)) is not None:
            self.bodies.append(body)
        if scope["path"] == "/wait":
            await self.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while scope["path"] == "/endless" and self.connections:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async def _read(self, receive: Receive) -> bytes | None:
        body = b""
        while True:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                self.hung_up += 1
                return None
            body += message["body"]
            if not message.get("more_body"):
                return body


@asynccontextmanager
async def serving(limits: Limits = QUICK) -> AsyncIterator[Seen]:
    seen = Seen()
    listening = socket.create_server(("127.0.0.1", 0))
    seen.port = listening.getsockname()[1]
    config = uvicorn.Config(
        seen, http=bounded(limits), ws="none", lifespan="off", log_level="error", timeout_keep_alive=2
    )
    server = uvicorn.Server(config)
    seen.connections = server.server_state.connections
    running = asyncio.create_task(server._serve([listening]))
    await until(lambda: server.started)
    try:
        yield seen
    finally:
        seen.gate.set()
        server.should_exit = server.force_exit = True
        await running


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what has no event to wait for."""
    for _ in range(int(PATIENCE / 0.02)):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("waited in vain")


@pytest.fixture
async def seen() -> AsyncIterator[Seen]:
    async with serving() as seen:
        yield seen


async def talk(seen: Seen, *parts: bytes, pause: float = 0, patience: float = PATIENCE) -> bytes:
    """All that the server says before it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", seen.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), patience)
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_an_honest_request_is_answered(seen: Seen):
    assert (await talk(seen, CLOSE)).endswith(b"\r\n\r\n1\r\n/\r\n0\r\n\r\n")


async def test_requests_one_after_another_and_some_sent_ahead_are_answered_in_their_order(seen: Seen):
    paths = [f"/path-{number}".encode() for number in range(5)]
    answer = await talk(seen, b"".join(GET.replace(b"/ ", path + b" ") for path in paths), CLOSE, pause=0.2)
    assert [answer.index(path) for path in paths] == sorted(answer.index(path) for path in paths)
    assert answer.count(b"200 OK") == 6


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET /" + b"a" * REQUEST_LINE_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="request line"),
        pytest.param(b"GET / HTTP/1.1\r\nA: " + b"a" * (HEADER_BYTES + 1) + b"\r\n\r\n", id="one header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"a" * 4 * HEADER_BYTES + b": a\r\n\r\n", id="the name of a header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (HEADERS + 1) + b"\r\n", id="number of headers"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + (b"Cookie: " + b"a" * (HEADERS_BYTES // 4) + b"\r\n") * 5 + b"\r\n", id="cookies"
        ),
        pytest.param(b"GET / HTTP/1.1\r\nA: " + b"a" * 10_000_000, id="a header without end"),
        pytest.param(b"GET /" + b"a" * 10_000_000, id="an address without end"),
    ],
)
async def test_a_head_beyond_its_bound_is_431_and_reaches_nobody(seen: Seen, head: bytes):
    answer = await talk(seen, head)
    assert status(answer) == 431
    for name in (
        b"content-security-policy: default-src 'none';",
        b"x-content-type-options: nosniff",
        b"x-request-id: ",
    ):
        assert answer.count(name) == 1
    assert not seen.scopes


async def test_a_head_within_all_bounds_passes(seen: Seen):
    headers = b"".join(b"A%d: " % number + b"a" * 10_000 + b"\r\n" for number in range(3))
    head = b"GET /" + b"a" * (REQUEST_LINE_BYTES - 100) + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers
    assert status(await talk(seen, head + b"\r\n")) == 200


async def test_trailers_are_bounded_and_never_become_headers(seen: Seen):
    post = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
    assert status(await talk(seen, post + b"X-Forwarded-For: 9.9.9.9\r\n\r\n")) == 200
    assert seen.bodies == [b"hello"]
    assert b"x-forwarded-for" not in dict(seen.scopes[0]["headers"])
    assert status(await talk(seen, post + b"X: " + b"a" * 10 * HEADER_BYTES)) == 431
    assert seen.hung_up == 1


@pytest.mark.parametrize(
    "garbage",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"GET  HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 5000],
)
async def test_what_is_no_http_is_400(seen: Seen, garbage: bytes):
    assert status(await talk(seen, garbage)) == 400
    assert not seen.scopes


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"Content-Length: +5\r\n\r\nhello",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
    ],
)
async def test_a_request_that_has_two_ends_is_refused(seen: Seen, headers: bytes):
    """A proxy that saw another end than the shop would let one visitor speak for the next."""
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert status(await talk(seen, b"POST / HTTP/1.1\r\nHost: x\r\n" + headers + smuggled)) == 400
    assert "/smuggled" not in {scope["path"] for scope in seen.scopes}


async def test_garbage_behind_good_requests_costs_them_nothing(seen: Seen):
    asked = asyncio.create_task(talk(seen, GET * 2 + GET.replace(b"/ ", b"/wait ", 1) + b"GARBAGE\r\n\r\n"))
    await asyncio.sleep(LINGER_SECONDS + 0.5)
    seen.gate.set()
    answer = await asked
    assert answer.count(b"200 OK") == 3
    assert b"HTTP/1.1 4" not in answer


async def test_many_requests_sent_ahead_are_refused(seen: Seen):
    assert (await talk(seen, GET * 1000)).count(b"200 OK") < 20
    assert len(seen.scopes) < 20


async def test_other_protocols_are_answered_as_http(seen: Seen):
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert status(await talk(seen, upgrade)) == 200


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        pytest.param((b"",), b"", id="silence"),
        pytest.param((b"\r\n",), b"", id="an empty line"),
        pytest.param((b"GET / HT",), b"408", id="half a request line"),
        pytest.param((b"GET / HTTP/1.1\r\nA: b\r\n",), b"408", id="half a head"),
        pytest.param((GET, b"\r\n"), b"200 OK", id="kept open behind an answer"),
        pytest.param((b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",), b"408", id="half a body"),
        pytest.param(
            (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",),
            b"408",
            id="no body",
        ),
        pytest.param(
            (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",), b"408", id="chunks"
        ),
        pytest.param(
            (b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n",), b"200 OK", id="answered early"
        ),
    ],
)
async def test_nobody_is_waited_for_without_end(seen: Seen, parts: tuple[bytes, ...], said: bytes):
    answer = await talk(seen, *parts, pause=0.2)
    assert said in answer
    assert answer.count(b"HTTP/1.1 ") == bool(said) + (b"100 Continue" in answer)


@pytest.mark.parametrize(
    "drip",
    [b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 90, b"POST / HTTP/1.1\r\nContent-Length: 9999\r\n\r\n" + b"a" * 400],
)
async def test_whoever_drips_is_refused(seen: Seen, drip: bytes):
    """Each byte comes in time; all of them together do not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", seen.port)
    for number in range(len(drip)):
        writer.write(drip[number : number + 1])
        await asyncio.sleep(0.02)
        if reader.at_eof() or reader._buffer:  # type: ignore[attr-defined]
            break
    assert status(await asyncio.wait_for(reader.read(), PATIENCE)) == 408
    writer.close()
    assert not seen.bodies


async def test_a_long_body_has_the_time_that_its_length_needs(seen: Seen):
    """1,600 bytes in 1.3 seconds: more than half a second, which any body has, and within the least rate."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1600\r\n\r\n"
    assert status(await talk(seen, head, *[b"a" * 100] * 16, pause=0.08)) == 200
    assert seen.bodies == [b"a" * 1600]


async def test_who_waits_for_the_shop_is_not_hurried(seen: Seen):
    asked = asyncio.create_task(talk(seen, CLOSE.replace(b"/ ", b"/wait ", 1)))
    await asyncio.sleep(QUICK.head_seconds + QUICK.body_seconds + 0.5)
    seen.gate.set()
    assert status(await asked) == 200


async def test_who_does_not_take_the_answer_is_cut_off(seen: Seen):
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", seen.port))
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: bool(seen.connections))
        await until(lambda: not seen.connections)


async def test_who_takes_the_answer_slowly_but_steadily_gets_it(seen: Seen):
    """What the kernel keeps of the answer is full all the time, and so is what the server keeps."""
    loop = asyncio.get_running_loop()
    with socket.create_connection(("127.0.0.1", seen.port)) as client:
        client.setblocking(False)
        await loop.sock_sendall(client, b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        while time.monotonic() - started < 4 * QUICK.send_seconds:
            assert await loop.sock_recv(client, 65536)
            await asyncio.sleep(0.005)


async def test_a_body_that_the_shop_lets_wait_is_not_late():
    async with serving(replace(QUICK, body_bytes_per_second=10_000_000)) as seen:
        head = b"POST /later HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n"
        asked = asyncio.create_task(talk(seen, head + b"a" * 1_000_000))
        await asyncio.sleep(QUICK.body_seconds + 0.7)
        seen.gate.set()
        assert status(await asked) == 200


async def test_a_head_sent_ahead_may_wait_as_long_as_the_answer_before_it(seen: Seen):
    reader, writer = await asyncio.open_connection("127.0.0.1", seen.port)
    writer.write(GET.replace(b"/ ", b"/wait ", 1) + b"GET / HTTP/1.1\r\n")
    await asyncio.sleep(QUICK.head_seconds + 0.5)
    seen.gate.set()
    writer.write(b"Host: x\r\nConnection: close\r\n\r\n")
    assert (await asyncio.wait_for(reader.read(), PATIENCE)).count(b"200 OK") == 2
    writer.close()


async def test_when_all_places_are_taken_the_longest_waiting_makes_room():
    async with serving(replace(QUICK, connections=5, head_seconds=60)) as seen:
        silent = [await asyncio.open_connection("127.0.0.1", seen.port) for _ in range(5)]
        for _ in range(3):
            assert status(await talk(seen, CLOSE)) == 200
            assert [reader.at_eof() or bool(reader.exception()) for reader, _ in silent] == [True] + [False] * 4
        for _, writer in silent:
            writer.close()


async def test_when_all_places_are_at_work_who_comes_is_told_when_to_come_again():
    async with serving(replace(QUICK, connections=3)) as seen:
        at_work = [asyncio.create_task(talk(seen, CLOSE.replace(b"/ ", b"/wait ", 1))) for _ in range(3)]
        await until(lambda: len(seen.bodies) == 3)
        answer = await talk(seen, CLOSE)
        assert status(answer) == 503
        assert b"retry-after: 1\r\n" in answer
        seen.gate.set()
        assert [status(await one) for one in at_work] == [200, 200, 200]
        assert status(await talk(seen, CLOSE)) == 200
