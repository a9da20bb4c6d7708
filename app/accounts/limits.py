"""How often a client may knock, how often a password may be tried, and how many may wait for password work.

docs/sign-in.md works out what the numbers mean for somebody who guesses.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import timedelta
from weakref import WeakValueDictionary

from app.accounts.password_queue import Guest
from app.accounts.passwords import queue
from app.accounts.places import Familiarity, Place, Places
from app.accounts.security.noting import limit_noted
from app.core.db.transaction import Database
from app.core.rate_limit import Hit, LimitedClient, Quota, RateLimiter

MINUTE = timedelta(minutes=1)
FAILURES_PER_PAIR, PAIR_WINDOW = 10, timedelta(minutes=15)
EMAIL_WINDOW = timedelta(hours=1)
FAILURES_OF_STRANGERS = 50  # these three are the hundred that one account has in an hour
FAILURES_OF_KNOWN_NETWORKS = 30
FAILURES_OF_KNOWN_BROWSERS = 20
FAILURES_PER_PLACE = 10

_turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()


class LoginAttempt:
    """A login that counts as failed until it is forgiven: so parallel guesses cannot slip past the limit."""

    def __init__(self, limiter: RateLimiter, hits: Sequence[Hit]) -> None:
        self._limiter = limiter
        self._hits = hits

    async def forgive(self) -> None:
        """It succeeded. Hold no database connection."""
        hits, self._hits = self._hits, ()
        await self._limiter.give_back(hits)


class AuthLimits:
    """The limits on one client. They raise RateLimited; use them before anything else."""

    def __init__(
        self,
        limiter: RateLimiter,
        places: Places,
        database: Database,
        client: LimitedClient,
        per_minute: int,
        seats: int,
    ) -> None:
        self._limiter = limiter
        self._places = places
        self._database = database
        self._client = client
        self._per_minute = per_minute
        self._seats = seats

    async def check(self, operation: str) -> None:
        """Count a call of the operation."""
        with limit_noted(operation):
            await self._limiter.count(*self._client.quotas(operation, self._per_minute, MINUTE))

    @asynccontextmanager
    async def password_work(self, operation: str, *, is_known: bool = False) -> AsyncIterator[None]:
        """Count a call of the operation, and keep a seat for its password work.

        Raises:
            Crowded: there is none; the call stays counted.
        """
        await self.check(operation)
        with self._seat(is_known):
            yield

    @asynccontextmanager
    async def login_attempt(self, email: str, browser: str | None = None) -> AsyncIterator[LoginAttempt]:
        """Count a failed login, to be forgiven if it succeeds; `browser` is the id in the cookie of a browser.

        The logins of one address to one account take turns in this process: many right ones at once do not use up
        what is meant for wrong ones.

        Raises:
            Crowded: too many wait for password work; nothing is counted.
        """
        place = Place(self._client.address, browser)
        familiarity = await self._places.familiarity(self._database, email, place)
        with self._seat(familiarity.is_known):
            async with _turns.setdefault((place.network, email), asyncio.Lock()):
                with limit_noted("login", email):
                    hits = await self._limiter.count_first(*_choices(email, place, familiarity))
                yield LoginAttempt(self._limiter, hits)

    def _seat(self, is_known: bool) -> AbstractContextManager[None]:
        return queue.seat(Guest(self._client.site or self._client.address, is_known), self._seats)


def _choices(email: str, place: Place, familiarity: Familiarity) -> list[list[Quota]]:
    """What a failure may be counted under, the best first. Whose own tries are used up is a stranger.

    The site of an IPv6 network has no quota here: what all strangers have together is less.
    """
    account = (email, familiarity.generation)
    pair = Quota("failed login", (place.network, *account), FAILURES_PER_PAIR, PAIR_WINDOW)
    choices = []
    if familiarity.knows_browser:
        choices.append(_known("browser", place.browser or "", account, FAILURES_OF_KNOWN_BROWSERS))
    if familiarity.knows_network:
        choices.append([pair, *_known("network", place.network, account, FAILURES_OF_KNOWN_NETWORKS)])
    strangers = Quota("failed login of strangers", account, FAILURES_OF_STRANGERS, EMAIL_WINDOW)
    return [*choices, [pair, strangers]]


def _known(kind: str, place: str, account: tuple[str, str], together: int) -> list[Quota]:
    """The tries of one known place, and those of all of its kind."""
    return [
        Quota(f"failed login of a {kind}", (place, *account), FAILURES_PER_PLACE, EMAIL_WINDOW),
        Quota(f"failed login of {kind}s", account, together, EMAIL_WINDOW),
    ]
