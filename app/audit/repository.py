"""The SQL of reading the audit trail. An index serves the whole list, one each filter, all in its order."""

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditEvent
from app.audit.schemas import AuditFilter
from app.core.paging import Position


class AuditRepository:
    """Rows of the trail, in the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, wanted: AuditFilter, *, limit: int, after: Position | None) -> list[AuditEvent]:
        """The newest first, from behind that place on."""
        newest_first = (AuditEvent.created_at.desc(), AuditEvent.id.desc())
        query = select(AuditEvent).where(*_conditions(wanted)).order_by(*newest_first).limit(limit)
        if after is not None:
            query = query.where(tuple_(AuditEvent.created_at, AuditEvent.id) < tuple_(after.created_at, after.id))
        return list(await self._session.scalars(query))

    async def count(self, wanted: AuditFilter) -> int:
        query = select(func.count()).select_from(AuditEvent).where(*_conditions(wanted))
        return (await self._session.execute(query)).scalar_one()


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    exact = (
        (AuditEvent.action, wanted.action),
        (AuditEvent.subject, wanted.subject),
        (AuditEvent.subject_id, wanted.subject_id),
        (AuditEvent.actor_user_id, wanted.actor_user_id),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in exact if value is not None]
    if wanted.created_from is not None:
        found.append(AuditEvent.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        found.append(AuditEvent.created_at < wanted.created_to)
    return found
