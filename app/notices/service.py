"""The notices that a user finds in the shop."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.mail.models import Notice
from app.notices.errors import NoticeNotFound
from app.notices.repository import NoticeRepository


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """Some notices of `total`, and how many of the user's are unread; `more` when others follow."""

    notices: Sequence[Notice]
    total: int
    unread: int
    more: bool


class NoticeService:
    """Notices of users, in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, user_id: int, *, unread: bool, before: int | None, limit: int) -> NoticesPage:
        """The user's notices, or the unread ones, the newest first, from below the id `before`."""
        inbox = NoticeRepository(self._session, user_id)
        found = await inbox.page(unread=unread, before=before, limit=limit + 1)
        unread_count = await inbox.count(unread=True)
        total = unread_count if unread else await inbox.count(unread=False)
        return NoticesPage(found[:limit], total, unread_count, more=len(found) > limit)

    async def unread_count(self, user_id: int) -> int:
        """How many notices the user has not read."""
        return await NoticeRepository(self._session, user_id).count(unread=True)

    async def mark_read(self, user_id: int, notice_id: int) -> None:
        """Mark a notice as read; one that was read keeps its time. Raises NoticeNotFound."""
        if not await NoticeRepository(self._session, user_id).mark_read(notice_id):
            raise NoticeNotFound

    async def mark_all_read(self, user_id: int) -> None:
        """Mark all that the user has as read."""
        await NoticeRepository(self._session, user_id).mark_all_read()
