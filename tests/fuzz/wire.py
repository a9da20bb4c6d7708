"""HTTP/1.1 by hand: a client that sends every byte it is given, which no library does."""

import asyncio
import time
from dataclasses import dataclass

SECONDS = 60.0
_LONGEST_HEAD = 1_048_576
REFUSED_AT_THE_DOOR = frozenset({400, 408, 413, 414, 431})
"""What the server says to what is no HTTP, or too much of it; nothing of the shop has seen the request then."""


class NoAnswer(Exception):
    """The server hung up, or said nothing in SECONDS."""


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds all of it was there."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float

    def all(self, name: str) -> list[str]:
        """The values of a header, in order."""
        return [value for known, value in self.headers if known.lower() == name]

    def get(self, name: str) -> str:
        """The first value of a header; empty when there is none."""
        return next(iter(self.all(name)), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def is_html(self) -> bool:
        return self.get("content-type").startswith("text/html")

    @property
    def from_the_door(self) -> bool:
        return self.status in REFUSED_AT_THE_DOOR and not self.get("x-request-id")


class Wire:
    """One connection, opened anew where the server closes it."""

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes, *, head: bool = False) -> Answer:
        """The answer to these bytes; `head` when it has no body. Raises NoAnswer."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._ask(request, head=head)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError) as error:
            await self.close()
            raise NoAnswer(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Hang up."""
        streams, self._streams = self._streams, None
        if streams:
            streams[1].transport.abort()

    async def _ask(self, request: bytes, *, head: bool) -> Answer:
        is_fresh = self._streams is None
        try:
            return await self._exchange(request, head=head)
        except (ConnectionError, asyncio.IncompleteReadError):
            await self.close()
            if is_fresh:
                raise
            return await self._exchange(request, head=head)  # it was closed between two requests

    async def _exchange(self, request: bytes, *, head: bool) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place, limit=_LONGEST_HEAD)
        reader, writer = self._streams
        began = time.perf_counter()
        writer.write(request)
        await writer.drain()
        status, headers = await _head(reader)
        while status < 200:
            status, headers = await _head(reader)
        told = {name.lower(): value for name, value in headers}
        bare = head or status in {204, 304}
        body = b"" if bare else await _body(reader, told)
        if told.get("connection", "").lower() == "close" or not (
            bare or {"content-length", "transfer-encoding"} & told.keys()
        ):
            await self.close()
        return Answer(status, headers, body, time.perf_counter() - began)


async def _head(reader: asyncio.StreamReader) -> tuple[int, list[tuple[str, str]]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines[1:])
    return int(lines[0].split(" ")[1]), [(name, value.strip()) for name, _, value in pairs]


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read(-1)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return bytes(body)
