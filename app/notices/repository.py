"""The SQL of reading notices. Lists run along the index on (user_id, id), unread ones along a partial one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.mail.models import Notice


class NoticeRepository:
    """The notices of one user, in the transaction of a session."""

    def __init__(self, session: AsyncSession, user_id: int) -> None:
        self._session = session
        self._own = Notice.user_id == user_id

    async def page(self, *, unread: bool, before: int | None, limit: int) -> Sequence[Notice]:
        """Some notices, the newest first: all or the unread ones, from the start or from below that id."""
        query = select(Notice).where(self._own, *_unread(unread)).order_by(Notice.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Notice.id < before)
        return (await self._session.scalars(query)).all()

    async def count(self, *, unread: bool) -> int:
        """How many notices there are, or unread ones."""
        query = select(func.count()).select_from(Notice).where(self._own, *_unread(unread))
        return (await self._session.execute(query)).scalar_one()

    async def mark_read(self, notice_id: int) -> bool:
        """Whether there is such a notice; the time when it was first read stays."""
        return bool(await self._mark(Notice.id == notice_id, read_at=func.coalesce(Notice.read_at, func.now())))

    async def mark_all_read(self) -> None:
        """All that are unread now."""
        await self._mark(*_unread(True), read_at=func.now())

    async def _mark(self, *which: ColumnElement[bool], **columns: Any) -> Sequence[int]:
        change = update(Notice).where(self._own, *which).values(columns)
        marked = change.execution_options(synchronize_session=False).returning(Notice.id)
        return (await self._session.scalars(marked)).all()


def _unread(asked: bool) -> tuple[ColumnElement[bool], ...]:
    return (Notice.read_at.is_(None),) if asked else ()
