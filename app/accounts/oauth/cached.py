"""What a provider publishes, kept for a while."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from app.accounts.oauth.errors import ProviderError, Unreachable

T = TypeVar("T")
Clock = Callable[[], float]  # seconds that only grow


class Cached(Generic[T]):
    """The result of a fetch. Whoever asks while one is under way waits for it and shares its outcome."""

    _value: T

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._fetched_at = -math.inf
        self._failures = 0

    async def get(self, max_age: float) -> T:
        """The result, fetched less than `max_age` seconds ago. Raises ProviderError."""
        failures = self._failures
        if not self._is_fresh(max_age):
            async with self._lock:
                if not self._is_fresh(max_age):
                    if self._failures != failures:
                        raise Unreachable("just tried for another request, in vain")
                    await self._renew()
        return self._value

    async def _renew(self) -> None:
        try:
            self._value = await self._fetch()
        except ProviderError:
            self._failures += 1
            raise
        self._fetched_at = self._clock()

    def _is_fresh(self, max_age: float) -> bool:
        return self._clock() - self._fetched_at < max_age
