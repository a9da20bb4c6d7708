"""The SQL of wishlists."""

from sqlalchemy import Select, delete, exists, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book
from app.catalog.stock import BOOKS_STAY
from app.core.paging import Position
from app.wishlist.models import Wish, WishedBook, WishlistItem

# Whoever adds to a list holds the row of its account, so that what the next statement counts is all there is.
_HOLD_BOOK = text(f"""
    SELECT books.id, title, author, price, stock_quantity, cover_image_url
    FROM users JOIN books ON books.id = :book_id WHERE users.id = :user_id
    FOR NO KEY UPDATE OF users {BOOKS_STAY}
""")
_ADD = text("""
    INSERT INTO wishlist_items (user_id, book_id)
    SELECT :user_id, :book_id WHERE (SELECT count(*) FROM wishlist_items WHERE user_id = :user_id) < :most
    ON CONFLICT DO NOTHING RETURNING id, added_at
""")
_BOOK = (Book.id, Book.title, Book.author, Book.price, Book.stock_quantity, Book.cover_image_url)


class WishlistRepository:
    """Wishes in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(self, user_id: int, limit: int, after: Position | None) -> tuple[int, list[Wish]]:
        """How many wishes the user has, and some of them, the newest first."""
        query = (
            select(_count(user_id).scalar_subquery(), WishlistItem.id, WishlistItem.added_at, *_BOOK)
            .join(Book, Book.id == WishlistItem.book_id)
            .where(WishlistItem.user_id == user_id)
            .order_by(WishlistItem.added_at.desc(), WishlistItem.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(WishlistItem.added_at, WishlistItem.id) < tuple_(after.created_at, after.id))
        rows = (await self._session.execute(query)).all()
        total = rows[0][0] if rows else await self.count(user_id)
        return total, [Wish(row[1], row[2], WishedBook(*row[3:])) for row in rows]

    async def count(self, user_id: int) -> int:
        return (await self._session.execute(_count(user_id))).scalar_one()

    async def hold_book(self, user_id: int, book_id: int) -> WishedBook | None:
        """The book as it is now, if there is one; it is not deleted before the transaction ends.

        Until then the row of the account is locked as well.
        """
        row = (await self._session.execute(_HOLD_BOOK, {"user_id": user_id, "book_id": book_id})).one_or_none()
        return None if row is None else WishedBook(*row)

    async def add(self, user_id: int, book: WishedBook, most: int) -> Wish | None:
        """The new wish; None when the book is on the list already, or the list has `most`.

        The row of the account must be locked.
        """
        values = {"user_id": user_id, "book_id": book.id, "most": most}
        row = (await self._session.execute(_ADD, values)).one_or_none()
        return None if row is None else Wish(row.id, row.added_at, book)

    async def holds(self, user_id: int, book_id: int) -> bool:
        """Whether the book is on the user's list."""
        wish = exists().where(WishlistItem.user_id == user_id, WishlistItem.book_id == book_id)
        return bool(await self._session.scalar(select(wish)))

    async def remove(self, user_id: int, book_id: int) -> bool:
        """Whether the book was on the user's list."""
        gone = delete(WishlistItem).where(WishlistItem.user_id == user_id, WishlistItem.book_id == book_id)
        return await self._session.scalar(gone.returning(WishlistItem.id)) is not None


def _count(user_id: int) -> Select[int]:
    return select(func.count()).select_from(WishlistItem).where(WishlistItem.user_id == user_id)
