"""Who waits for password work: a bounded queue, in which the clients take turns.

One hash fills a processor for a tenth of a second or more, so a crowd must not make everybody wait. A request takes a
seat before any password work; where none is left, it is told at once to come back. Whoever is known, from a place
where the account signed in before, goes before all strangers and has seats that these cannot take.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from app.core.errors import TryAgain


class Crowded(TryAgain):
    """Too many wait for password work, in all or of one client. No password was looked at, and none counted."""

    detail = "Many people are signing in at this moment. Please try again in a few seconds."

    def retry_after(self) -> int:
        return 2


@dataclass(frozen=True, slots=True)
class Guest:
    """For whom password work is done. Commands have no client; they know what they do."""

    client: str = ""
    is_known: bool = True


_NO_CLIENT = Guest()
_seated: ContextVar[Guest] = ContextVar("seated", default=_NO_CLIENT)


class PasswordQueue:
    """Seats for whole requests, and places at work for single hashes. For one event loop at a time."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._seats: Counter[str] = Counter()
        self._lines = {True: _Line(), False: _Line()}  # of those who are known, and of strangers

    @contextmanager
    def seat(self, guest: Guest, seats: int) -> Iterator[None]:
        """A seat for all password work of one request.

        There are `seats`. A quarter of them is for those who are known, and an eighth no single client gets besides.

        Raises:
            Crowded: there is none left.
        """
        of_strangers = seats - seats // 4
        of_one_client = of_strangers - seats // 8
        if self._seats.total() >= (seats if guest.is_known else of_strangers):
            raise Crowded
        if self._seats[guest.client] >= of_one_client:
            raise Crowded
        self._seats[guest.client] += 1
        token = _seated.set(guest)
        try:
            yield
        finally:
            _seated.reset(token)
            self._seats -= Counter([guest.client])

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A place at work. The clients who wait get one each, round and round, however many requests they sent."""
        if self._free:
            self._free -= 1
        else:
            await self._wait()
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self) -> None:
        guest = _seated.get()
        place = self._lines[guest.is_known].join(guest.client)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._pass_on()  # it was given in the moment in which nobody wanted it any more
            raise

    def _pass_on(self) -> None:
        """Give a place at work to whoever is next, or keep it free."""
        place = self._lines[True].next() or self._lines[False].next()
        if place:
            place.set_result(None)
        else:
            self._free += 1


class _Line:
    """Those who wait, by their clients."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def join(self, client: str) -> asyncio.Future[None]:
        """What is done when it is this one's turn."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(place)
        return place

    def next(self) -> asyncio.Future[None] | None:
        """The first of the client whose turn it is; those who gave up are left out."""
        while self._waiting:
            client, places = self._waiting.popitem(last=False)
            place = places.popleft()
            if places:
                self._waiting[client] = places
            if not place.cancelled():
                return place
        return None
