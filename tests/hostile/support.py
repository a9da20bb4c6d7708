"""Sending bytes that no client library would send, and watching whether the shop still answers others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from httpx2 import AsyncClient

PATIENCE_SECONDS = 60
PIECE_BYTES = 65536


@dataclass
class Others:
    """How long the answers to somebody else took, in seconds."""

    waits: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.waits)


async def ask(client: AsyncClient, path: str = "/health") -> float:
    """How long the answer takes, in seconds."""
    started = time.perf_counter()
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - started


@asynccontextmanager
async def others(client: AsyncClient, path: str = "/health") -> AsyncIterator[Others]:
    """Somebody who asks for that path again and again while the block runs."""
    seen = Others()

    async def asking() -> None:
        while True:
            seen.waits.append(await ask(client, path))
            await asyncio.sleep(0.005)

    task = asyncio.create_task(asking())
    await asyncio.sleep(0.1)
    try:
        yield seen
        await asyncio.sleep(0.1)
    finally:
        task.cancel()
        await asyncio.wait({task})


async def say(client: AsyncClient, sent: bytes) -> bytes:
    """What the server of `client` answers to these bytes before it closes the connection."""
    place = urlsplit(str(client.base_url))
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        for start in range(0, len(sent), PIECE_BYTES):
            writer.write(sent[start : start + PIECE_BYTES])
            await writer.drain()
        return await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    except ConnectionError:
        return await reader.read()
    finally:
        writer.close()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request as bytes, the last of its connection; underscores in names of headers become hyphens."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if body:
        head += f"Content-Length: {len(body)}\r\n"
    head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1") + b"\r\n" + body


def status(answer: bytes) -> int:
    """The status code of an answer."""
    return int(answer.split(b" ", 2)[1])
