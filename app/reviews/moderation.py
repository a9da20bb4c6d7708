"""Moderation: the reviews of all books, and their deletion by staff."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit import service as audit
from app.reviews.models import ReviewEntry, ReviewFilter
from app.reviews.repository import ReviewRepository
from app.reviews.schemas import Direction, SortName


class ModerationService:
    """Moderation in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._reviews = ReviewRepository(session)

    async def page(
        self, wanted: ReviewFilter, sort_by: SortName, sort_dir: Direction, offset: int, limit: int
    ) -> tuple[int, list[ReviewEntry]]:
        """The number of reviews that pass the filter and some of them; of equals the younger first."""
        total = await self._reviews.count(wanted)
        found = await self._reviews.page(wanted, sort_by, sort_dir, offset, limit) if offset < total else []
        return total, found

    async def delete(self, review_ids: Sequence[int], admin: Caller) -> int:
        """Delete these reviews, softly; how many there were. The audit trail keeps what each of them said."""
        removed = await self._reviews.remove(review_ids)
        before = {
            review.id: {
                "rating": review.rating,
                "text": review.text,
                "user_id": review.user_id,
                "book_id": review.book_id,
            }
            for review in sorted(removed, key=lambda review: review.id)
        }
        await audit.record_each(self._session, admin, "review.deleted", before)
        return len(removed)
