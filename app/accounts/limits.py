"""How often an address may knock."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import Depends, Request

from app.accounts.security.noting import limit_noted
from app.core.rate_limit import Hit, Limiter, Quota, RateLimiter, client_address

MINUTE = timedelta(minutes=1)
FAILURES_PER_PAIR, PAIR_WINDOW = 10, timedelta(minutes=15)
FAILURES_PER_EMAIL, EMAIL_WINDOW = 100, timedelta(hours=1)

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
    """The limits on one client. Both raise RateLimited; use them before anything else."""

    def __init__(self, limiter: RateLimiter, address: str, per_minute: int) -> None:
        self._limiter = limiter
        self._address = address
        self._per_minute = per_minute

    async def check(self, operation: str) -> None:
        """Count a call of the operation."""
        with limit_noted(operation):
            await self._limiter.count(Quota(operation, (self._address,), self._per_minute, MINUTE))

    @asynccontextmanager
    async def login_attempt(self, email: str) -> AsyncIterator[LoginAttempt]:
        """Count a failed login, to be forgiven if it succeeds.

        The logins of one address to one account take turns in this process: many right ones at once do not use up
        what is meant for wrong ones.
        """
        pair = Quota("failed login", (self._address, email), FAILURES_PER_PAIR, PAIR_WINDOW)
        anywhere = Quota("failed login anywhere", (email,), FAILURES_PER_EMAIL, EMAIL_WINDOW)
        async with _turns.setdefault((self._address, email), asyncio.Lock()):
            with limit_noted("login", email):
                hits = await self._limiter.count(pair, anywhere)
            yield LoginAttempt(self._limiter, hits)


async def get_limits(request: Request, limiter: Limiter) -> AuthLimits:
    """The limits on the client of this request."""
    return AuthLimits(limiter, client_address(request), request.app.state.settings.rate_limit_auth_per_minute)


Limits = Annotated[AuthLimits, Depends(get_limits)]
