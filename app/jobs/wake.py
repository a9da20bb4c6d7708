"""What wakes a worker: a COMMIT in its own process, or else the next look.

No NOTIFY: transactions that notify commit one after the other, whatever their database.
"""

import asyncio
from contextlib import suppress
from functools import partial
from weakref import WeakSet

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.transaction import once_committed

_alarms: "WeakSet[Alarm]" = WeakSet()


class Alarm:
    """What a worker of that name waits on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._rung = asyncio.Event()
        _alarms.add(self)

    def ring(self) -> None:
        """Wake whoever waits, now or next."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it rings, or for that long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


def wake_once_committed(session: AsyncSession, name: str) -> None:
    """Wake the workers of that name in this process after COMMIT; those of other processes look for themselves."""
    once_committed(session, partial(_ring, name))


def _ring(name: str) -> None:
    for alarm in _alarms:
        if alarm.name == name:
            alarm.ring()
