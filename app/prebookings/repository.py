"""The SQL of pre-bookings.

Their times are those of the statement: it runs behind the lock that decides, where the transaction may have begun
before it. So a pre-booking is never older than a restock that it had to wait for.
"""

from collections.abc import Sequence

from sqlalchemy import ARRAY, Integer, any_, exists, func, literal, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.catalog.models import Book
from app.catalog.stock import locking
from app.core.paging import Position
from app.prebookings.models import AwaitedBook, BookedTitle, PreBooking, PreBookStatus, Waiter

_COLUMNS = (
    PreBooking.status,
    PreBooking.created_at,
    PreBooking.notified_at,
    PreBooking.cancelled_at,
)
# What is over is kept to be looked up, not for ever: the oldest of it makes room for what is to come, a hundred rows
# at most at a time, so that nobody waits long who has collected thousands before.
_ADD = text("""
    WITH too_old AS (
        SELECT id FROM pre_bookings WHERE user_id = :user_id AND status <> 'waiting'
        ORDER BY created_at DESC, id DESC OFFSET :past LIMIT 100
    ), forgotten AS (
        DELETE FROM pre_bookings WHERE id IN (SELECT id FROM too_old)
    )
    INSERT INTO pre_bookings (user_id, book_id, created_at)
    SELECT :user_id, :book_id, statement_timestamp()
    WHERE (SELECT count(*) FROM pre_bookings WHERE user_id = :user_id AND status = 'waiting') < :most
    ON CONFLICT DO NOTHING RETURNING id, created_at
""")


class PreBookingRepository:
    """Pre-bookings in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, user_id: int, limit: int, after: Position | None) -> tuple[int, list[BookedTitle]]:
        """How many pre-bookings the user has, and some of them, in all states, the newest first."""
        of_user = select(func.count()).select_from(PreBooking).where(PreBooking.user_id == user_id)
        query = (
            select(of_user.scalar_subquery(), PreBooking.id, PreBooking.book_id, Book.title, Book.author, *_COLUMNS)
            .join(Book, Book.id == PreBooking.book_id)
            .where(PreBooking.user_id == user_id)
            .order_by(PreBooking.created_at.desc(), PreBooking.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(PreBooking.created_at, PreBooking.id) < tuple_(after.created_at, after.id))
        rows = (await self._session.execute(query)).all()
        total = rows[0][0] if rows else (await self._session.execute(of_user)).scalar_one()
        return total, [BookedTitle(*row[1:]) for row in rows]

    async def count_waiting(self, user_id: int) -> int:
        waiting = (PreBooking.user_id == user_id, PreBooking.status == PreBookStatus.WAITING)
        query = select(func.count()).select_from(PreBooking).where(*waiting)
        return (await self._session.execute(query)).scalar_one()

    async def lock_book(self, user_id: int, book_id: int) -> AwaitedBook | None:
        """Lock the book's row and read it in that statement: no copy comes or goes before the transaction ends.

        The row of the account is locked as well, so that what is counted next is all that the user waits for.

        FOR NO KEY UPDATE, not FOR SHARE: those who share a lock let one another in past whoever waits to change the
        row, so that a restock would wait for as long as people keep booking.
        """
        query = select(Book.title, Book.author, Book.stock_quantity).join(User, User.id == user_id)
        row = (await self._session.execute(locking(query.where(Book.id == book_id), User))).one_or_none()
        return None if row is None else AwaitedBook(*row)

    async def add(self, user_id: int, book_id: int, book: AwaitedBook, *, most: int, past: int) -> BookedTitle | None:
        """A waiting pre-booking; None when the user waits for that book, or for `most` books.

        Of those that are over, the newest `past` are kept. The rows of account and book must be locked.
        """
        values = {"user_id": user_id, "book_id": book_id, "most": most, "past": past}
        row = (await self._session.execute(_ADD, values)).one_or_none()
        if row is None:
            return None
        told = (book_id, book.title, book.author, PreBookStatus.WAITING, row.created_at, None, None)
        return BookedTitle(row.id, *told)

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
