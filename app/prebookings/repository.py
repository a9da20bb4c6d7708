"""The SQL of pre-bookings.

Their times are those of the statement: it runs behind the lock that decides, where the transaction may have begun
before it. So a pre-booking is never older than a restock that it had to wait for.
"""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Integer, any_, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.catalog.models import Book
from app.prebookings.models import BookedTitle, LockedBook, PreBooking, PreBookStatus, Waiter

_COLUMNS = (
    PreBooking.status,
    PreBooking.created_at,
    PreBooking.notified_at,
    PreBooking.cancelled_at,
)


class PreBookingRepository:
    """Pre-bookings in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_user(self, user_id: int) -> list[BookedTitle]:
        """The user's pre-bookings in all states, the newest first."""
        query = (
            select(PreBooking.id, PreBooking.book_id, Book.title, Book.author, *_COLUMNS)
            .join(Book, Book.id == PreBooking.book_id)
            .where(PreBooking.user_id == user_id)
            .order_by(PreBooking.created_at.desc(), PreBooking.id.desc())
        )
        return [BookedTitle(*row) for row in await self._session.execute(query)]

    async def count_waiting(self, user_id: int) -> int:
        waiting = (PreBooking.user_id == user_id, PreBooking.status == PreBookStatus.WAITING)
        query = select(func.count()).select_from(PreBooking).where(*waiting)
        return (await self._session.execute(query)).scalar_one()

    async def lock_book(self, book_id: int) -> LockedBook | None:
        """Lock the book's row and read it in that statement: no copy comes or goes before the transaction ends.

        FOR NO KEY UPDATE, not FOR SHARE: those who share a lock let one another in past whoever waits to change the
        row, so that a restock would wait for as long as people keep booking.
        """
        query = select(Book.title, Book.author, Book.stock_quantity).where(Book.id == book_id)
        row = (await self._session.execute(query.with_for_update(key_share=True))).one_or_none()
        return None if row is None else LockedBook(*row)

    async def add(self, user_id: int, book_id: int, book: LockedBook) -> BookedTitle | None:
        """A waiting pre-booking; None when the user has one. The book row must be locked."""
        insertion = insert(PreBooking).values(user_id=user_id, book_id=book_id, created_at=func.statement_timestamp())
        returning = insertion.on_conflict_do_nothing().returning(PreBooking.id, *_COLUMNS)
        row = (await self._session.execute(returning)).one_or_none()
        return None if row is None else BookedTitle(row.id, book_id, book.title, book.author, *row[1:])

    async def cancel(self, user_id: int, prebook_id: int) -> bool:
        """Cancel a pre-booking of the user; False when there is none that could be."""
        change = (
            update(PreBooking)
            .where(
                PreBooking.id == prebook_id,
                PreBooking.user_id == user_id,
                PreBooking.status != PreBookStatus.CANCELLED,
            )
            .values(status=PreBookStatus.CANCELLED, cancelled_at=func.statement_timestamp())
            .execution_options(synchronize_session=False)
        )
        return await self._session.scalar(change.returning(PreBooking.id)) is not None

    async def waiting_id(self, user_id: int, book_id: int) -> int | None:
        """The id of the pre-booking under which the user waits for the book."""
        query = select(PreBooking.id).where(PreBooking.user_id == user_id, PreBooking.book_id == book_id)
        return await self._session.scalar(query.where(PreBooking.status == PreBookStatus.WAITING))

    async def exists(self, user_id: int, prebook_id: int) -> bool:
        """Whether the user has such a pre-booking, in whatever state."""
        found = exists().where(PreBooking.id == prebook_id, PreBooking.user_id == user_id)
        return bool(await self._session.scalar(select(found)))

    async def notify(self, book_ids: Sequence[int]) -> list[Waiter]:
        """Turn all who wait for these books into notified; those whose account is active, by book and user id.

        The book rows must be locked, by a statement before this one.
        """
        told = (
            update(PreBooking)
            .where(
                PreBooking.book_id == any_(literal(list(book_ids), ARRAY(Integer))),
                PreBooking.status == PreBookStatus.WAITING,
            )
            .values(status=PreBookStatus.NOTIFIED, notified_at=func.statement_timestamp())
            .returning(PreBooking.user_id, PreBooking.book_id)
            .execution_options(synchronize_session=False)
            .cte("told")
        )
        query = (
            select(User.id, User.email, User.restock_mails, Book.id, Book.title)
            .select_from(told)
            .join(User, User.id == told.c.user_id)
            .join(Book, Book.id == told.c.book_id)
            .where(User.is_active)
            .order_by(Book.id, User.id)
        )
        return [Waiter(*row) for row in await self._session.execute(query)]
