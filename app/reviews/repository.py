"""The SQL of reviews. Whatever moves the figures of a book locks its row first, as checkout does, then the review."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    any_,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.catalog.models import Book
from app.catalog.stock import locking
from app.orders.models import Order, OrderItem, OrderStatus
from app.reviews.errors import ReviewDuplicate
from app.reviews.models import RemovedReview, Review, ReviewDetails, ReviewEligibility, ReviewEntry, ReviewFilter
from app.reviews.schemas import Direction, SortName

_LIVE: ColumnElement[bool] = Review.deleted_at.is_(None)
_LISTED = _LIVE & Review.counts
_NEWEST_FIRST = (Review.created_at.desc(), Review.id.desc())
_ENTRY: tuple[Any, ...] = (
    Review.id,
    Review.rating,
    Review.text,
    Review.created_at,
    Review.updated_at,
    Review.user_id,
    User.display_name,
    User.role,
    Review.book_id,
    Book.title,
    Review.counts,
)


def _purchased(user_id: SQLColumnExpression[int], book_id: SQLColumnExpression[int]) -> ColumnElement[bool]:
    """Whether the user has a confirmed order with the book: by the orders of the user, then by their lines.

    The lines are asked for one by one, or PostgreSQL would rather go through all those of a best-seller.
    """
    line = select(OrderItem.id).where(OrderItem.order_id == Order.id, OrderItem.book_id == book_id).limit(1)
    has_line = line.correlate_except(OrderItem).scalar_subquery().is_not(None)
    return exists().where(Order.user_id == user_id, Order.status == OrderStatus.CONFIRMED, has_line)


_ENTRIES: Any = select(*_ENTRY).join(User, User.id == Review.user_id).join(Book, Book.id == Review.book_id)
_DETAILS = _ENTRIES.add_columns(Book.cover_image_url, _purchased(Review.user_id, Review.book_id))


class ReviewRepository:
    """Reviews in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def eligibility(self, user_id: int, book_id: int) -> ReviewEligibility:
        """Where the user stands with the book."""
        query = select(
            exists().where(Book.id == book_id),
            _own(user_id, book_id).scalar_subquery(),
            _purchased(literal(user_id), literal(book_id)),
        )
        return ReviewEligibility(*(await self._session.execute(query)).one())

    async def purchased(self, user_id: int, book_id: int) -> bool:
        """Whether the user has a confirmed order with the book, as of now."""
        return bool(await self._session.scalar(select(_purchased(literal(user_id), literal(book_id)))))

    async def lock_book(self, book_id: int) -> bool:
        """Lock the book row against checkouts and other reviewers; False when there is no such book."""
        return await self._session.scalar(locking(select(Book.id).where(Book.id == book_id))) is not None

    async def add(self, user_id: int, book_id: int, rating: int, text: str | None) -> int:
        """The id of the new review. The book row must be locked.

        Raises:
            ReviewDuplicate: the user has a review of the book.
        """
        row = insert(Review).values(user_id=user_id, book_id=book_id, rating=rating, text=text)
        review_id: int | None = await self._session.scalar(row.on_conflict_do_nothing().returning(Review.id))
        if review_id is None:
            raise ReviewDuplicate
        return review_id

    async def forget_deleted(self, user_id: int, book_id: int, keep: int) -> None:
        """Delete for good the reviews that the user had of the book, but for the `keep` that came last.

        The row of the book must be locked.
        """
        own = (Review.user_id == user_id, Review.book_id == book_id, Review.deleted_at.is_not(None))
        older = select(Review.id).where(*own).order_by(Review.id.desc()).offset(keep)
        await self._session.execute(delete(Review).where(Review.id.in_(older)))

    async def id_of(self, user_id: int, book_id: int) -> int:
        """The id of the review that the user has of the book."""
        review_id: int = (await self._session.execute(_own(user_id, book_id))).scalar_one()
        return review_id

    async def owner(self, review_id: int) -> int | None:
        """The id of the author; None when there is no such review."""
        return await self._session.scalar(select(Review.user_id).where(Review.id == review_id, _LIVE))

    async def details(self, review_id: int) -> ReviewDetails | None:
        """The review as it is shown; None when there is no such review."""
        row = (await self._session.execute(_DETAILS.where(Review.id == review_id, _LIVE))).one_or_none()
        return None if row is None else ReviewDetails(*row)

    async def count_of_book(self, book_id: int) -> int:
        """How many reviews of the book readers see, as its row says."""
        return await self._session.scalar(select(Book.rating_count).where(Book.id == book_id)) or 0

    async def page_of_book(self, book_id: int, offset: int, limit: int) -> list[ReviewDetails]:
        """Some of the reviews of the book that readers see, the newest first."""
        listed = select(Review.id).where(Review.book_id == book_id, _LISTED).order_by(*_NEWEST_FIRST)
        page = listed.offset(offset).limit(limit).subquery()
        query = _DETAILS.join(page, page.c.id == Review.id).order_by(*_NEWEST_FIRST)
        return [ReviewDetails(*row) for row in await self._session.execute(query)]

    async def change(self, review_id: int, columns: Mapping[str, Any]) -> bool:
        """Change these columns of a review; False when it has gone."""
        if "rating" in columns:
            await self._lock_books_of([review_id])
        change = update(Review).where(Review.id == review_id, _LIVE).values(columns).returning(Review.id)
        return await self._session.scalar(change) is not None

    async def remove(self, review_ids: Sequence[int]) -> list[RemovedReview]:
        """Delete those of these reviews that are not deleted, softly; what they said."""
        await self._lock_books_of(review_ids)
        removal = update(Review).where(_among(review_ids), _LIVE).values(deleted_at=func.now())
        removed = removal.returning(Review.id, Review.user_id, Review.book_id, Review.rating, Review.text)
        return [RemovedReview(*row) for row in await self._session.execute(removed)]

    async def _lock_books_of(self, review_ids: Sequence[int]) -> None:
        """Lock the rows of the books that these reviews are about, by ascending id."""
        about = select(Review.book_id).where(_among(review_ids), _LIVE)
        await self._session.execute(locking(select(Book.id).where(Book.id.in_(about)).order_by(Book.id)))

    async def count(self, wanted: ReviewFilter) -> int:
        """How many reviews of all books pass the filter."""
        return await self._session.scalar(select(func.count()).select_from(Review).where(*_conditions(wanted))) or 0

    async def page(
        self, wanted: ReviewFilter, sort_by: SortName, sort_dir: Direction, offset: int, limit: int
    ) -> list[ReviewEntry]:
        """Some reviews of all books in that order; of equals the younger id first."""
        column = Review.created_at if sort_by == "date" else Review.rating
        order = (column.desc() if sort_dir == "desc" else column.asc(), Review.id.desc())
        page = select(Review.id).where(*_conditions(wanted)).order_by(*order).offset(offset).limit(limit).subquery()
        query = _ENTRIES.join(page, page.c.id == Review.id).order_by(*order)
        return [ReviewEntry(*row) for row in await self._session.execute(query)]


def _own(user_id: int, book_id: int) -> Select[int]:
    return select(Review.id).where(Review.user_id == user_id, Review.book_id == book_id, _LIVE)


def _among(review_ids: Sequence[int]) -> ColumnElement[bool]:
    return Review.id == any_(literal(list(review_ids), ARRAY(Integer)))


def _conditions(wanted: ReviewFilter) -> list[ColumnElement[bool]]:
    found = [_LIVE]
    if wanted.book_id is not None:
        found.append(Review.book_id == wanted.book_id)
    if wanted.user_id is not None:
        found.append(Review.user_id == wanted.user_id)
    if wanted.rating_min is not None:
        found.append(Review.rating >= wanted.rating_min)
    if wanted.rating_max is not None:
        found.append(Review.rating <= wanted.rating_max)
    return found
