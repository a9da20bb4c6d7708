"""The map of the site: written by the database, and for all who ask for it once in five minutes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from app.core.parts import Part

FRESH_SECONDS = 300


@dataclass
class SiteMap:
    """The map as a process wrote it last. Who asks while it is written waits for the same one."""

    _written: bytes = b""
    _until: float = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self, write: Callable[[], Awaitable[str]]) -> bytes:
        """The map, not older than five minutes; `write` makes it where it is."""
        async with self._turn:
            if time.monotonic() >= self._until:
                self._written = (await write()).encode()
                self._until = time.monotonic() + FRESH_SECONDS
            return self._written


SITE_MAP = Part[SiteMap]("site_map")
