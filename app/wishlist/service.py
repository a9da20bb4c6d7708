"""The wishlist: books to come back for, with price and stock of the moment."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.errors import BookNotFound
from app.core.paging import Page, Position
from app.wishlist.errors import AlreadyWished, NotWished, WishlistFull
from app.wishlist.models import Wish
from app.wishlist.repository import WishlistRepository


class WishlistService:
    """Wishlists in the transaction of a session; a list has up to `max_items` books."""

    def __init__(self, session: AsyncSession, max_items: int) -> None:
        self._wishes = WishlistRepository(session)
        self._max_items = max_items

    async def page(self, user_id: int, limit: int | None = None, after: Position | None = None) -> Page[Wish]:
        """A page of the user's wishes, the newest first. Without `limit` all of a list that is no longer than it may.

        Lists from a time when they could be longer have more pages.
        """
        limit = limit or self._max_items
        total, found = await self._wishes.page(user_id, limit + 1, after)
        return Page(found[:limit], total, more=len(found) > limit)

    async def count(self, user_id: int) -> int:
        """How many books are on the user's list."""
        return await self._wishes.count(user_id)

    async def add(self, user_id: int, book_id: int) -> Wish:
        """Put a book on the list, whatever its stock. Raises BookNotFound, AlreadyWished and WishlistFull."""
        book = await self._wishes.hold_book(user_id, book_id)
        if book is None:
            raise BookNotFound
        wish = await self._wishes.add(user_id, book, self._max_items)
        if wish is None:
            raise AlreadyWished if await self._wishes.holds(user_id, book_id) else WishlistFull(self._max_items)
        return wish

    async def holds(self, user_id: int, book_id: int) -> bool:
        """Whether the book is on the list."""
        return await self._wishes.holds(user_id, book_id)

    async def remove(self, user_id: int, book_id: int) -> None:
        """Take a book off the list. Raises NotWished."""
        if not await self._wishes.remove(user_id, book_id):
            raise NotWished
