"""Reviews by those who bought the book."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.accounts.models import UserRole
from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal
from app.catalog.errors import BookNotFound
from app.reviews.errors import DuplicateReview, NotPurchased, NotReviewOwner, ReviewDuplicate, ReviewNotFound
from app.reviews.models import ReviewDetails, ReviewEligibility
from app.reviews.moderation import ModerationService
from app.reviews.repository import ReviewRepository

MAX_DELETED_REVIEWS = 10
"""Of the reviews that somebody wrote of a book and were deleted, so many are kept."""


class ReviewService:
    """Reviews in the transaction of a session.

    Whatever moves the figures of a book locks its row before the review, so that reviewers, checkouts and removals of
    books never wait for each other in a circle.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._reviews = ReviewRepository(session)
        self._moderation = ModerationService(session)

    async def get(self, review_id: int) -> ReviewDetails:
        """The review. Raises ReviewNotFound."""
        review = await self._reviews.details(review_id)
        if review is None:
            raise ReviewNotFound
        return review

    async def page(self, book_id: int, offset: int, limit: int) -> tuple[int, list[ReviewDetails]]:
        """How many reviews of the book count, and some of them, the newest first; none for an unknown book."""
        total = await self._reviews.count_of_book(book_id)
        return total, await self._reviews.page_of_book(book_id, offset, limit) if offset < total else []

    async def eligibility(self, user_id: int, book_id: int) -> ReviewEligibility:
        """Whether the user may review the book, or has."""
        return await self._reviews.eligibility(user_id, book_id)

    async def create(self, author_id: int, book_id: int, rating: int, text: str | None) -> ReviewDetails:
        """A new review of the book.

        Raises:
            BookNotFound: there is no such book, or it was deleted this instant.
            DuplicateReview: the author has a review of it, or wrote one this instant.
            NotPurchased: the author has no confirmed order with it, or it was cancelled this instant.
        """
        eligibility = await self._reviews.eligibility(author_id, book_id)
        if not eligibility.book_exists:
            raise BookNotFound
        if eligibility.review_id is not None:
            raise DuplicateReview(eligibility.review_id)
        if not eligibility.purchased:
            raise NotPurchased
        if not await self._reviews.lock_book(book_id):
            raise BookNotFound
        if not await self._reviews.purchased(author_id, book_id):
            raise NotPurchased
        await self._reviews.forget_deleted(author_id, book_id, MAX_DELETED_REVIEWS)
        return await self.get(await self._add(author_id, book_id, rating, text))

    async def _add(self, author_id: int, book_id: int, rating: int, text: str | None) -> int:
        try:
            return await self._reviews.add(author_id, book_id, rating, text)
        except ReviewDuplicate as error:
            # It is there still: nobody can delete it while this transaction holds the lock of the book.
            raise DuplicateReview(await self._reviews.id_of(author_id, book_id)) from error

    async def change(self, review_id: int, caller_id: int, columns: Mapping[str, Any]) -> ReviewDetails:
        """Change `rating`, `text` or both of an own review; what is left out stays.

        Raises:
            ReviewNotFound, NotReviewOwner: no such review, or somebody else's.
        """
        if await self._owner(review_id) != caller_id:
            raise self._not_theirs(caller_id)
        if columns and not await self._reviews.change(review_id, columns):
            raise ReviewNotFound
        return await self.get(review_id)

    async def delete(self, review_id: int, caller: Caller) -> None:
        """Delete a review, softly: one's own, or as staff anybody's. Raises as `change`."""
        if await self._owner(review_id) == caller.id:
            deleted = len(await self._reviews.remove([review_id]))
        elif caller.role is UserRole.ADMIN:
            deleted = await self._moderation.delete([review_id], caller)
        else:
            raise self._not_theirs(caller.id)
        if not deleted:
            raise ReviewNotFound

    def _not_theirs(self, caller_id: int) -> NotReviewOwner:
        note_refusal(Kind.ACCESS_REFUSED, caller_id, subject="review")
        return NotReviewOwner()

    async def _owner(self, review_id: int) -> int:
        owner = await self._reviews.owner(review_id)
        if owner is None:
            raise ReviewNotFound
        return owner
