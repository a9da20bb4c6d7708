"""Fixed-window rate limits in PostgreSQL, so that all workers count together.

Counting is a short transaction of its own: it stands although the request it belongs to is refused. Count before the
request's session has taken a connection (or after `release`), so that no request ever needs two at once.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import DateTime, Update, delete, extract, func, literal, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.rate_limit_table import RateLimit
from app.core.db.transaction import Database
from app.core.errors import RateLimited

LONGEST_WINDOW = timedelta(hours=1)
IPV6_SITE_BITS = 64
_EPOCH = literal(datetime(1970, 1, 1, tzinfo=UTC), DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` hits of `subject` (an address, an account) on `operation` in each window."""

    operation: str
    subject: tuple[str, ...]
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit that was counted, and where."""

    bucket: str
    window_start: datetime


class RateLimiter:
    """Counts hits against quotas."""

    def __init__(self, database: Database, key: bytes, *, enabled: bool) -> None:
        self._database = database
        self._key = key
        self._enabled = enabled

    async def count(self, *quotas: Quota) -> list[Hit]:
        """Count one hit of each quota, or none of any.

        Raises:
            RateLimited: a quota is used up; the hit is not counted.
        """
        if not self._enabled:
            return []

        async def work(session: AsyncSession) -> list[Hit]:
            return [await _count(session, quota, self._bucket(quota)) for quota in quotas]

        return await self._database.transaction(work)

    async def give_back(self, hits: Sequence[Hit]) -> None:
        """Uncount hits, in the order in which they were counted: two orders could deadlock."""

        async def work(session: AsyncSession) -> None:
            for hit in hits:
                await session.execute(_give_back(hit))

        if hits:
            await self._database.transaction(work)

    async def spend(self, operation: str, value: str, issued: datetime) -> bool:
        """Whether a value that is good once is used for the first time; for that, switched off or not is the same.

        Its counter is forgotten LONGEST_WINDOW after `issued`: by then the value itself must be too old.
        """
        bucket = self._digest(operation, (value,))

        async def work(session: AsyncSession) -> bool:
            row = insert(RateLimit).values(bucket=bucket, window_start=issued, hits=1).on_conflict_do_nothing()
            return (await session.execute(row.returning(RateLimit.hits))).first() is not None

        return await self._database.transaction(work)

    def _bucket(self, quota: Quota) -> str:
        return self._digest(quota.operation, quota.subject)

    def _digest(self, operation: str, subject: tuple[str, ...]) -> str:
        message = "\0".join(("rate limit", operation, *subject))
        return hmac.digest(self._key, message.encode(), hashlib.sha256).hex()


async def _count(session: AsyncSession, quota: Quota, bucket: str) -> Hit:
    """The row lock of the upsert makes parallel hits queue up, so that none slips past the limit."""
    start = func.date_bin(quota.window, func.now(), _EPOCH)
    statement = (
        insert(RateLimit)
        .values(bucket=bucket, window_start=start, hits=1)
        .on_conflict_do_update(
            index_elements=[RateLimit.bucket, RateLimit.window_start], set_={"hits": RateLimit.hits + 1}
        )
        .returning(
            RateLimit.hits,
            RateLimit.window_start,
            extract("epoch", RateLimit.window_start + quota.window - func.now()).label("seconds_left"),
        )
    )
    row = (await session.execute(statement)).one()
    if row.hits > quota.limit:
        raise RateLimited(int(row.seconds_left) + 1)
    return Hit(bucket, row.window_start)


def _give_back(hit: Hit) -> Update:
    return (
        update(RateLimit)
        .where(RateLimit.bucket == hit.bucket, RateLimit.window_start == hit.window_start, RateLimit.hits > 0)
        .values(hits=RateLimit.hits - 1)
    )


async def purge_windows(session: AsyncSession) -> int:
    """Delete the counters of windows that are over; how many."""
    statement = delete(RateLimit).where(RateLimit.window_start < func.now() - LONGEST_WINDOW)
    return len((await session.scalars(statement.returning(RateLimit.hits))).all())


def client_address(request: Request) -> str:
    """The address to count under; of IPv6 the site (/64), for one client has all addresses of it."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_SITE_BITS), strict=False))


async def get_rate_limiter(request: Request) -> RateLimiter:
    """The limiter on the pool of this process; it counts nothing where limits are switched off."""
    state = request.app.state
    return RateLimiter(state.database, state.keys.rate_limits.signing, enabled=state.settings.rate_limits_on)


Limiter = Annotated[RateLimiter, Depends(get_rate_limiter)]
