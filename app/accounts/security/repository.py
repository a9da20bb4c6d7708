"""The SQL of security events."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ARRAY, ColumnElement, DateTime, delete, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.accounts.security.kinds import OWN_SIGN_INS, Kind
from app.accounts.security.models import SecurityEvent
from app.accounts.security.note import SecurityNote
from app.accounts.security.query import SecurityFilter
from app.core.db.driver import driver
from app.core.paging import Position

ROOM_OF_A_KIND = 500
"""Rows an hour of each kind of refusal: as many about known accounts, as many about others."""
ROOM_OF_AN_ACCOUNT = 100
"""Rows an hour of each other kind and account."""
PURGE_BATCH = 5000
_KEEP = "SELECT bookstore_note_security_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_PURGING = "SELECT set_config('bookstore.purging', 'security_events', true)"

Shown: TypeAlias = tuple[SecurityEvent, str | None]
"""An event, and the address that its account has now."""


async def keep(session: AsyncSession, note: SecurityNote, times: int = 1) -> None:
    """Make a row of it, or count it in that of the same within the last minute: one statement for any account."""
    account_room = None if note.is_refusal else ROOM_OF_AN_ACCOUNT
    await (await driver(session)).execute(
        _KEEP,
        note.kind.value,
        note.user_id,
        note.email,
        note.client.network,
        note.client.device,
        json.dumps(dict(note.detail)),
        note.request_id,
        times,
        ROOM_OF_A_KIND,
        account_room,
    )


class SecurityEventRepository:
    """Rows of events, in the transaction of `session`. An index serves the whole list, one each filter."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, wanted: SecurityFilter, *, limit: int, after: Position | None) -> list[Shown]:
        """The newest first, from behind that place on."""
        query = select(SecurityEvent, User.email).outerjoin(User, User.id == SecurityEvent.user_id)
        rows = await self._session.execute(_newest(query, limit, after).where(*_conditions(wanted)))
        return [(row[0], row[1]) for row in rows]

    async def count(self, wanted: SecurityFilter) -> int:
        query = select(func.count()).select_from(SecurityEvent).where(*_conditions(wanted))
        return (await self._session.execute(query)).scalar_one()

    async def sign_ins(self, user_id: int, *, limit: int, after: Position | None) -> list[SecurityEvent]:
        """Those of one account, refused ones among them, the newest first."""
        query = _newest(select(SecurityEvent), limit, after).where(*_sign_ins_of(user_id))
        return list(await self._session.scalars(query))

    async def count_sign_ins(self, user_id: int) -> int:
        query = select(func.count()).select_from(SecurityEvent).where(*_sign_ins_of(user_id))
        return (await self._session.execute(query)).scalar_one()

    async def sign_ins_around(
        self, user_id: int, moments: Collection[datetime]
    ) -> list[tuple[datetime, SecurityEvent]]:
        """Each of those moments with the sign-ins of the account that began before and went on until after it."""
        moment = func.unnest(literal(list(moments), ARRAY(DateTime(timezone=True)))).column_valued("moment")
        query = select(moment, SecurityEvent).where(
            SecurityEvent.user_id == user_id,
            SecurityEvent.kind == Kind.SIGNED_IN,
            SecurityEvent.created_at <= moment,
            SecurityEvent.last_at >= moment,
        )
        return [(row[0], row[1]) for row in await self._session.execute(query)]

    async def refused(self, kinds: Collection[Kind], since: timedelta) -> tuple[int, int]:
        """How many refusals of these kinds there were since then, and from how many networks."""
        counted = func.coalesce(func.sum(SecurityEvent.times), 0)
        query = select(counted, func.count(SecurityEvent.network.distinct())).where(
            SecurityEvent.kind.in_(kinds), SecurityEvent.created_at > func.now() - since
        )
        row = (await self._session.execute(query)).one()
        return row[0], row[1]

    async def purge(self, kept: timedelta) -> int:
        """Delete a batch of the events that are older, the oldest first; how many."""
        await (await driver(self._session)).execute(_PURGING)
        old = select(SecurityEvent.id).where(SecurityEvent.created_at < func.now() - kept)
        batch = old.order_by(SecurityEvent.created_at, SecurityEvent.id).limit(PURGE_BATCH)
        gone = delete(SecurityEvent).where(SecurityEvent.id.in_(batch.with_for_update(skip_locked=True)))
        return len((await self._session.scalars(gone.returning(SecurityEvent.id))).all())


def _sign_ins_of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return SecurityEvent.user_id == user_id, SecurityEvent.kind.in_(OWN_SIGN_INS)


def _newest(query: Any, limit: int, after: Position | None) -> Any:
    query = query.order_by(SecurityEvent.created_at.desc(), SecurityEvent.id.desc()).limit(limit)
    if after is None:
        return query
    return query.where(tuple_(SecurityEvent.created_at, SecurityEvent.id) < tuple_(after.created_at, after.id))


def _conditions(wanted: SecurityFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kind is not None:
        found.append(SecurityEvent.kind == wanted.kind)
    if wanted.user_id is not None:
        found.append(SecurityEvent.user_id == wanted.user_id)
    if wanted.email is not None:
        owner = select(User.id).where(func.lower(User.email) == func.lower(wanted.email))
        found.append(SecurityEvent.user_id == owner.scalar_subquery())
    if wanted.network is not None:
        found.append(SecurityEvent.network == wanted.network)
    if wanted.created_from is not None:
        found.append(SecurityEvent.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        found.append(SecurityEvent.created_at < wanted.created_to)
    return found
