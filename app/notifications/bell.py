"""What wakes a worker: a NOTIFY of the database, or else the next poll."""

import asyncio
import logging
from contextlib import suppress

import asyncpg

from app.core.config import Settings
from app.core.db.server import driver_url
from app.core.db.transaction import Database
from app.notifications.repository import CHANNEL

CONNECT_SECONDS = 5

log = logging.getLogger(__name__)


def make_bell(settings: Settings, database: Database) -> "Bell":
    """A pooler in transaction mode has no sessions that could listen: behind one there is only polling."""
    url = database.engine.url.render_as_string(hide_password=False)
    return Bell(None if settings.db_pooler else driver_url(url))


class Bell:
    """Listens on a connection of its own; without `url` it does not listen."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._rung = asyncio.Event()

    def ring(self, *_: object) -> None:
        """Wake whoever waits, now or next."""
        self._rung.set()

    async def listen(self) -> None:
        """See to it that the connection stands; while it cannot be had, polling has to do."""
        if self._url is None or (self._connection and not self._connection.is_closed()):
            return
        try:
            self._connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
            self._connection.add_termination_listener(self.ring)
            await self._connection.add_listener(CHANNEL, self.ring)
        except Exception as error:  # noqa: BLE001 - whatever it is, polling goes on
            log.warning("mail worker polls, it cannot listen: %s", error)
            await self.close()

    async def wait(self, seconds: float) -> None:
        """Until it rings, or for that long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()

    async def close(self) -> None:
        """Stop listening."""
        connection, self._connection = self._connection, None
        if connection:
            connection.remove_termination_listener(self.ring)
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await connection.close(timeout=CONNECT_SECONDS)
