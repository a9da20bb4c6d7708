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

from sqlalchemy import DateTime, Update, delete, extract, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.rate_limit_table import RateLimit
from app.core.db.transaction import Database
from app.core.errors import RateLimited

LONGEST_WINDOW = timedelta(hours=1)
PURGE_BATCH = 5000
IPV6_NETWORK_BITS, IPV6_SITE_BITS = 64, 48
SITE_FACTOR = 8
_EPOCH = literal(datetime(1970, 1, 1, tzinfo=UTC), DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `limit` hits of `subject` (an address, an account) on `operation` in each window."""

    operation: str
    subject: tuple[str, ...]
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class LimitedClient:
    """Where a request comes from.

    `address` is that of IPv4. One client has all addresses of an IPv6 network (/64), so there it is the network; and
    one customer of a provider may have all networks of a `site` (/48), which IPv4 does not have.
    """

    address: str
    site: str | None = None

    def quotas(self, operation: str, limit: int, window: timedelta) -> tuple[Quota, ...]:
        """At most `limit` hits of this client, and SITE_FACTOR times as many of all networks of its site."""
        own = Quota(operation, (self.address,), limit, window)
        return (own, Quota(operation, (self.site,), limit * SITE_FACTOR, window)) if self.site else (own,)


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
            return [await _count(session, quota, bucket_of(self._key, quota)) for quota in quotas]

        return await self._database.transaction(work)

    async def count_first(self, *choices: Sequence[Quota]) -> list[Hit]:
        """Count one hit of each quota of the first choice in which all have room.

        Raises:
            RateLimited: none has; it tells when the first of them may have.
        """
        waits = []
        for quotas in choices:
            try:
                return await self.count(*quotas)
            except RateLimited as refusal:
                waits.append(refusal.seconds)
        raise RateLimited(min(waits))

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
        bucket = _digest(self._key, operation, (value,))

        async def work(session: AsyncSession) -> bool:
            row = insert(RateLimit).values(bucket=bucket, window_start=issued, hits=1).on_conflict_do_nothing()
            return (await session.execute(row.returning(RateLimit.hits))).first() is not None

        return await self._database.transaction(work)


def bucket_of(key: bytes, quota: Quota) -> str:
    """The name under which a quota is counted: a digest, from which nobody without the key can tell the subject."""
    return _digest(key, quota.operation, quota.subject)


def _digest(key: bytes, operation: str, subject: tuple[str, ...]) -> str:
    message = "\0".join(("rate limit", operation, *subject))
    return hmac.digest(key, message.encode(), hashlib.sha256).hex()


async def within(session: AsyncSession, key: bytes, quota: Quota) -> bool:
    """Count one hit in the transaction of the session, and with it or not at all; whether the quota has room for it.

    Hits beyond the limit are counted as well. The counter stays locked until the transaction ends.
    """
    hits, _, _ = await _hit(session, quota, bucket_of(key, quota))
    return hits <= quota.limit


async def _count(session: AsyncSession, quota: Quota, bucket: str) -> Hit:
    hits, window_start, seconds_left = await _hit(session, quota, bucket)
    if hits > quota.limit:
        raise RateLimited(int(seconds_left) + 1)
    return Hit(bucket, window_start)


async def _hit(session: AsyncSession, quota: Quota, bucket: str) -> tuple[int, datetime, int]:
    """The hits so far, the start of the window and the seconds until its end.

    The row lock of the upsert makes parallel hits queue up, so that none slips past the limit.
    """
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
    hits, window_start, seconds_left = (await session.execute(statement)).one()
    return hits, window_start, seconds_left


def _give_back(hit: Hit) -> Update:
    return (
        update(RateLimit)
        .where(RateLimit.bucket == hit.bucket, RateLimit.window_start == hit.window_start, RateLimit.hits > 0)
        .values(hits=RateLimit.hits - 1)
    )


async def purge_windows(session: AsyncSession) -> int:
    """Delete a batch of the counters of windows that are over; how many."""
    key = (RateLimit.bucket, RateLimit.window_start)
    over = select(*key).where(RateLimit.window_start < func.now() - LONGEST_WINDOW).limit(PURGE_BATCH)
    gone = delete(RateLimit).where(tuple_(*key).in_(over.with_for_update(skip_locked=True)))
    return len((await session.scalars(gone.returning(RateLimit.hits))).all())


def client_at(host: str) -> LimitedClient:
    """Whom to count a request for that comes from there."""
    try:
        address = ip_address(host)
    except ValueError:
        return LimitedClient(host)
    if not isinstance(address, IPv6Address):
        return LimitedClient(str(address))
    if address.ipv4_mapped:
        return LimitedClient(str(address.ipv4_mapped))
    return LimitedClient(_network(address, IPV6_NETWORK_BITS), _network(address, IPV6_SITE_BITS))


def _network(address: IPv6Address, bits: int) -> str:
    return str(ip_network((int(address), bits), strict=False))
