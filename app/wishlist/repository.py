"""The SQL of wishlists."""

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book
from app.wishlist.models import Wish, WishedBook, WishlistItem

_BOOK = (Book.id, Book.title, Book.author, Book.price, Book.stock_quantity, Book.cover_image_url)


class WishlistRepository:
    """Wishes in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_user(self, user_id: int) -> list[Wish]:
        """The user's wishes, the newest first."""
        query = (
            select(WishlistItem.id, WishlistItem.added_at, *_BOOK)
            .join(Book, Book.id == WishlistItem.book_id)
            .where(WishlistItem.user_id == user_id)
            .order_by(WishlistItem.added_at.desc(), WishlistItem.id.desc())
        )
        rows = await self._session.execute(query)
        return [Wish(row[0], row[1], WishedBook(*row[2:])) for row in rows]

    async def count(self, user_id: int) -> int:
        query = select(func.count()).select_from(WishlistItem).where(WishlistItem.user_id == user_id)
        return (await self._session.execute(query)).scalar_one()

    async def hold_book(self, book_id: int) -> WishedBook | None:
        """The book as it is now, if there is one; it is not deleted before the transaction ends."""
        query = select(*_BOOK).where(Book.id == book_id).with_for_update(read=True, key_share=True)
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else WishedBook(*row)

    async def add(self, user_id: int, book: WishedBook) -> Wish | None:
        """The new wish; None when the book is on the list already."""
        insertion = insert(WishlistItem).values(user_id=user_id, book_id=book.id).on_conflict_do_nothing()
        row = (await self._session.execute(insertion.returning(WishlistItem.id, WishlistItem.added_at))).one_or_none()
        return None if row is None else Wish(row.id, row.added_at, book)

    async def holds(self, user_id: int, book_id: int) -> bool:
        """Whether the book is on the user's list."""
        wish = exists().where(WishlistItem.user_id == user_id, WishlistItem.book_id == book_id)
        return bool(await self._session.scalar(select(wish)))

    async def remove(self, user_id: int, book_id: int) -> bool:
        """Whether the book was on the user's list."""
        gone = delete(WishlistItem).where(WishlistItem.user_id == user_id, WishlistItem.book_id == book_id)
        return await self._session.scalar(gone.returning(WishlistItem.id)) is not None
