"""The wishlist: books to come back for, with price and stock of the moment."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.errors import BookNotFound
from app.wishlist.errors import AlreadyWished, NotWished
from app.wishlist.models import Wish
from app.wishlist.repository import WishlistRepository


class WishlistService:
    """Wishlists in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._wishes = WishlistRepository(session)

    async def of_user(self, user_id: int) -> list[Wish]:
        """The user's wishes, the newest first."""
        return await self._wishes.of_user(user_id)

    async def count(self, user_id: int) -> int:
        """How many books are on the user's list."""
        return await self._wishes.count(user_id)

    async def add(self, user_id: int, book_id: int) -> Wish:
        """Put a book on the list, whatever its stock. Raises BookNotFound and AlreadyWished."""
        book = await self._wishes.hold_book(book_id)
        if book is None:
            raise BookNotFound
        wish = await self._wishes.add(user_id, book)
        if wish is None:
            raise AlreadyWished
        return wish

    async def holds(self, user_id: int, book_id: int) -> bool:
        """Whether the book is on the list."""
        return await self._wishes.holds(user_id, book_id)

    async def remove(self, user_id: int, book_id: int) -> None:
        """Take a book off the list. Raises NotWished."""
        if not await self._wishes.remove(user_id, book_id):
            raise NotWished
