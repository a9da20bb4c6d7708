"""The basket: what a buyer means to buy, at the prices of the moment."""

from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.errors import BookOutOfStock, ItemDuplicate, ItemForbidden, ItemNotFound
from app.cart.models import CartLine, LockedCart
from app.cart.repository import CartRepository
from app.catalog.errors import BookNotFound
from app.core.db.failures import violated

BOOK_KEY = "fk_cart_items_book_id_books"


class CartService:
    """Basket operations of one user."""

    def __init__(self, session: AsyncSession) -> None:
        self._carts = CartRepository(session)

    async def lines(self, user_id: int) -> list[CartLine]:
        """The lines in order of adding."""
        return await self._carts.get_with_items(user_id)

    async def count(self, user_id: int) -> int:
        """The number of copies in the basket."""
        return await self._carts.count(user_id)

    async def add(self, user_id: int, book_id: int, quantity: int) -> CartLine:
        """Add a book.

        Raises:
            BookNotFound: there is none with this id, or it was deleted this instant.
            BookOutOfStock: nothing is left of it.
            ItemDuplicate: it has a line already.
        """
        cart_id = await self._carts.open(user_id)
        stock = await self._carts.stock_of(book_id)
        if stock is None:
            raise BookNotFound
        if stock == 0:
            raise BookOutOfStock
        return await self._add_line(cart_id, book_id, quantity)

    async def _add_line(self, cart_id: int, book_id: int, quantity: int) -> CartLine:
        try:
            item_id = await self._carts.add_line(cart_id, book_id, quantity)
            line = await self._carts.line_of_book(cart_id, book_id)
        except IntegrityError as error:
            if violated(error) == BOOK_KEY:
                raise BookNotFound from error
            raise
        except NoResultFound as error:
            raise BookNotFound from error
        if item_id is None:
            raise ItemDuplicate(line.id, line.quantity)
        return line

    async def change(self, user_id: int, item_id: int, quantity: int) -> CartLine:
        """Set the quantity of a line; checkout judges the stock.

        Raises:
            ItemNotFound, ItemForbidden: no such line, or somebody else's.
        """
        await self._lock_own(user_id, item_id)
        if not await self._carts.change(item_id, quantity):
            raise ItemNotFound
        return await self._carts.line(item_id)

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
            raise ItemForbidden
        await self._carts.lock_row(user_id)

    async def lock(self, user_id: int) -> LockedCart | None:
        """For checkout: lock the cart row, then read its lines; nobody changes them until the transaction ends."""
        return await self._carts.lock(user_id)

    async def end_turn(self, cart: LockedCart) -> None:
        """For checkout: take out what was bought; the cart row stays and begins its next turn."""
        await self._carts.end_turn(cart)
