"""The basket: what a buyer means to buy, at the prices of the moment."""

from typing import NoReturn

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal
from app.cart.errors import BookOutOfStock, CartFull, ItemDuplicate, ItemForbidden, ItemNotFound
from app.cart.models import CartLine, LockedCart
from app.cart.repository import CartRepository
from app.catalog.errors import BookNotFound
from app.core.db.batch import Batch


class CartService:
    """Basket operations of one user; a basket has up to `max_lines` lines."""

    def __init__(self, session: AsyncSession, max_lines: int) -> None:
        self._carts = CartRepository(session)
        self._max_lines = max_lines

    async def lines(self, user_id: int) -> list[CartLine]:
        """The lines in order of adding. Of a basket that is larger than it may be now, the first ones."""
        return await self._carts.get_with_items(user_id, self._max_lines)

    async def is_over(self, user_id: int) -> bool:
        """Whether the basket has more lines than it may have now, so that `lines` are not all of them."""
        return await self._carts.has_more_than(self._max_lines, user_id)

    async def count(self, user_id: int) -> int:
        """The number of copies in the basket."""
        return await self._carts.count(user_id)

    async def add(self, user_id: int, book_id: int, quantity: int) -> CartLine:
        """Add a book.

        Raises:
            BookNotFound: there is none with this id, or it was deleted this instant.
            BookOutOfStock: nothing is left of it.
            ItemDuplicate: it has a line already.
            CartFull: there are as many lines as may be.
        """
        try:
            added = await self._carts.add(user_id, book_id, quantity, self._max_lines)
        except asyncpg.ForeignKeyViolationError as error:
            raise BookNotFound from error
        if added is None:
            raise BookNotFound
        if added.stock == 0:
            raise BookOutOfStock
        return added.line or await self._refuse(user_id, book_id, is_full=added.lines >= self._max_lines)

    async def _refuse(self, user_id: int, book_id: int, *, is_full: bool) -> NoReturn:
        """The book has a line already, or no other fits in, or the book was deleted this instant, and its line."""
        if line := await self._carts.line_of_book(user_id, book_id):
            raise ItemDuplicate(line.id, line.quantity)
        if is_full:
            raise CartFull(self._max_lines)
        raise BookNotFound

    async def line_of_book(self, user_id: int, book_id: int) -> CartLine | None:
        """The line that a book has in the basket."""
        return await self._carts.line_of_book(user_id, book_id)

    async def change(self, user_id: int, item_id: int, quantity: int) -> CartLine:
        """Set the quantity of a line; checkout judges the stock.

        Raises:
            ItemNotFound, ItemForbidden: no such line, or somebody else's.
        """
        await self._lock_own(user_id, item_id)
        if not await self._carts.change(item_id, quantity) or (line := await self._carts.line(item_id)) is None:
            raise ItemNotFound
        return line

    async def remove(self, user_id: int, item_id: int) -> None:
        """Take a line out. Raises as `change`."""
        await self._lock_own(user_id, item_id)
        if not await self._carts.remove(item_id):
            raise ItemNotFound

    async def _lock_own(self, user_id: int, item_id: int) -> None:
        """Lock the caller's cart row; nobody waits for the cart of another."""
        owner = await self._carts.owner(item_id)
        if owner is None:
            raise ItemNotFound
        if owner != user_id:
            note_refusal(Kind.ACCESS_REFUSED, user_id, subject="cart_line")
            raise ItemForbidden
        await self._carts.lock_row(user_id)

    def empty(self, batch: Batch, cart: LockedCart) -> None:
        """For checkout: with `batch`, take out what was bought; the cart row stays and count its checkout."""
        self._carts.empty(batch, cart)
