"""The audit trail: every action of staff is a row of the transaction that does it."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import TypeAdapter
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit.models import AuditEvent
from app.audit.repository import AuditRepository
from app.audit.schemas import AuditFilter
from app.core.db.driver import Driver
from app.core.paging import Page, Position

Values = Mapping[str, Any]
_as_json = TypeAdapter(Any)
_COLUMNS = ("actor_user_id", "actor_email", "action", "subject")
_RECORD = f"INSERT INTO audit_events ({', '.join(_COLUMNS)}, after) VALUES ($1, $2, $3, $4, $5)"


class Actor(Protocol):
    """Who acts, where no request tells: neither id nor address for the operator."""

    @property
    def actor_id(self) -> int | None: ...
    @property
    def actor_email(self) -> str | None: ...


async def record(
    session: AsyncSession,
    actor: Caller | None,
    action: str,
    subject_id: int | None = None,
    *,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Note that `actor` (None: the operator, by a command) did `action`, such as `book.changed`, to that subject.

    `before` and `after` are the values that changed: any that pydantic can write as JSON. An action that changed
    nothing is not recorded by its caller.
    """
    await session.execute(insert(AuditEvent), [_row(actor, action, subject_id, before, after)])


async def record_each(
    session: AsyncSession,
    actor: Caller | None,
    action: str,
    before: Mapping[int, Values],
    after: Values | None = None,
) -> None:
    """As `record`, for many subjects at once: what each of them was before, by its id, and what all are after."""
    rows = [_row(actor, action, subject_id, values, after) for subject_id, values in before.items()]
    if rows:
        await session.execute(insert(AuditEvent), rows)


async def record_on(connection: Driver, actor: Actor, action: str, after: Values) -> None:
    """As `record`, in the transaction that is open on a connection of the driver."""
    row = _row(None, action, None, None, after) | {"actor_user_id": actor.actor_id, "actor_email": actor.actor_email}
    await connection.execute(_RECORD, *(row[name] for name in _COLUMNS), json.dumps(row["after"]))


def _row(
    actor: Caller | None, action: str, subject_id: int | None, before: Values | None, after: Values | None
) -> dict[str, Any]:
    return {
        "actor_user_id": actor.id if actor else None,
        "actor_email": actor.email if actor else None,
        "action": action,
        "subject": action.partition(".")[0],
        "subject_id": subject_id,
        "before": _as_json.dump_python(before, mode="json"),
        "after": _as_json.dump_python(after, mode="json"),
    }


def changes(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two states with the same keys, what differs, before and after."""
    differing = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in differing}, {name: after[name] for name in differing}


class AuditTrail:
    """The trail for those who read it, in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._events = AuditRepository(session)

    async def page(self, wanted: AuditFilter, limit: int, after: Position | None) -> Page[AuditEvent]:
        """What passes the filter, the newest first, from behind that place on."""
        found = await self._events.page(wanted, limit=limit + 1, after=after)
        return Page(found[:limit], await self._events.count(wanted), more=len(found) > limit)
