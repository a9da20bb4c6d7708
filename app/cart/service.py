"""The basket: what a buyer means to buy, at the prices of the moment."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import NoReturn

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal
from app.cart.errors import (
    BookOutOfStock,
    CartFull,
    CartTokenUnknown,
    ItemDuplicate,
    ItemForbidden,
    ItemNotFound,
)
from app.cart.models import AnyOwner, CartLine, CartOwner, LeftOut, LockedCart
from app.cart.repository import CartRepository
from app.catalog.errors import BookNotFound
from app.core.db.batch import Batch

TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
GUEST_RETENTION = timedelta(days=90)
SWEEP_BATCH = 1000


def new_token() -> str:
    """A token for a guest's cart, which nobody can guess; only its digest is ever stored."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class CartService:
    """Basket operations of one owner; a basket has up to `max_lines` lines. The id of an account is an owner too."""

    def __init__(self, session: AsyncSession, max_lines: int) -> None:
        self._carts = CartRepository(session)
        self._max_lines = max_lines

    async def lines(self, owner: AnyOwner) -> list[CartLine]:
        """The lines in order of adding. Of a basket that is larger than it may be now, the first ones."""
        return await self._carts.get_with_items(owner, self._max_lines)

    async def is_over(self, owner: AnyOwner) -> bool:
        """Whether the basket has more lines than it may have now, so that `lines` are not all of them."""
        return await self._carts.has_more_than(self._max_lines, owner)

    async def count(self, owner: AnyOwner) -> int:
        """The number of copies in the basket."""
        return await self._carts.count(owner)

    async def count_of_guest(self, token: str) -> int | None:
        """The number of copies in the basket of that token; None when there is no such basket."""
        return await self._carts.count_of_guest(CartOwner.guest(token)) if TOKEN.fullmatch(token) else None

    async def open(self) -> str:
        """Make an empty basket for a guest; its token, which is told this once."""
        token = new_token()
        await self._carts.make(CartOwner.guest(token))
        return token

    async def guest(self, token: str) -> CartOwner:
        """The owner of the basket with that token.

        Raises:
            CartTokenUnknown: there is none, or the token has not the shape of one.
        """
        owner = CartOwner.guest(token)
        if not TOKEN.fullmatch(token) or not await self._carts.is_there(owner):
            raise CartTokenUnknown
        return owner

    async def merge(self, token: str, user_id: int) -> list[int]:
        """Put the lines of a guest's basket into that of an account, sold out or not, and end the guest's.

        Of a title in both the larger number stays. Returns the ids of the books that did not fit in; these are left
        out. A basket that is not there, perhaps no more, changes nothing. On return the rows of both are locked.
        """
        own, guests = await self._carts.lock_both(user_id, CartOwner.guest(token))
        if guests is None:
            return []
        return await self._carts.merge(own or await self._carts.make(user_id), guests, self._max_lines)

    async def take_in(self, owner: AnyOwner, wanted: Mapping[int, int]) -> LeftOut:
        """Put in numbers of copies by the ids of books, sold out or not; of a title that is there the larger number.

        The basket is made if need be. On return its row is locked.
        """
        cart_id = await self._carts.lock_row(owner) or await self._carts.make(owner)
        return await self._carts.take_in(cart_id, wanted, self._max_lines)

    async def add(self, owner: AnyOwner, book_id: int, quantity: int, *, opens: bool = False) -> CartLine:
        """Add a book. An account's basket is made with its first book; a guest's only where this `opens` it.

        Raises:
            CartTokenUnknown: the guest's basket is not there, perhaps no more.
            BookNotFound: there is none with this id, or it was deleted this instant.
            BookOutOfStock: nothing is left of it.
            ItemDuplicate: it has a line already.
            CartFull: there are as many lines as may be.
        """
        makes = opens or not CartOwner.of(owner).is_guest
        try:
            added = await self._carts.add(owner, book_id, quantity, self._max_lines, makes_cart=makes)
        except asyncpg.ForeignKeyViolationError as error:
            raise BookNotFound from error
        if added is None:
            raise BookNotFound
        if added.lines is None and not makes:
            raise CartTokenUnknown
        if added.stock == 0:
            raise BookOutOfStock
        return added.line or await self._refuse(owner, book_id, is_full=(added.lines or 0) >= self._max_lines)

    async def _refuse(self, owner: AnyOwner, book_id: int, *, is_full: bool) -> NoReturn:
        """The book has a line already, or no other fits in, or the book was deleted this instant, and its line."""
        if line := await self._carts.line_of_book(owner, book_id):
            raise ItemDuplicate(line.id, line.quantity)
        if is_full:
            raise CartFull(self._max_lines)
        raise BookNotFound

    async def line_of_book(self, owner: AnyOwner, book_id: int) -> CartLine | None:
        """The line that a book has in the basket."""
        return await self._carts.line_of_book(owner, book_id)

    async def change(self, owner: AnyOwner, item_id: int, quantity: int) -> CartLine:
        """Set the quantity of a line; checkout judges the stock.

        Raises:
            ItemNotFound, ItemForbidden: no such line, or somebody else's.
        """
        cart_id = await self._lock_own(owner, item_id)
        if (
            not await self._carts.change(item_id, cart_id, quantity)
            or (line := await self._carts.line(item_id)) is None
        ):
            raise ItemNotFound
        return line

    async def remove(self, owner: AnyOwner, item_id: int) -> None:
        """Take a line out. Raises as `change`."""
        cart_id = await self._lock_own(owner, item_id)
        if not await self._carts.remove(item_id, cart_id):
            raise ItemNotFound

    async def _lock_own(self, owner: AnyOwner, item_id: int) -> int:
        """Lock the caller's cart row, whose id this returns; nobody waits for the cart of another."""
        caller, whose = CartOwner.of(owner), await self._carts.owner(item_id)
        if whose is None:
            raise ItemNotFound
        if whose != caller:
            note_refusal(Kind.ACCESS_REFUSED, caller.user_id, subject="cart_line")
            raise ItemForbidden
        cart_id = await self._carts.lock_row(caller)
        if cart_id is None:
            raise ItemNotFound
        return cart_id

    def empty(self, batch: Batch, cart: LockedCart) -> None:
        """For checkout: with `batch`, take out what was bought; the cart row stays and count its checkout."""
        self._carts.empty(batch, cart)


async def purge_abandoned_carts(session: AsyncSession) -> int:
    """Delete a batch of the baskets that guests have not changed for GUEST_RETENTION; how many."""
    return await CartRepository(session).sweep(GUEST_RETENTION, SWEEP_BATCH)
