"""The SQL of the basket."""

from sqlalchemy import ARRAY, ColumnElement, Integer, any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.models import Cart, CartItem, CartLine, LockedCart
from app.catalog.models import Book

_LINES = select(
    CartItem.id,
    CartItem.book_id,
    CartItem.quantity,
    Book.title,
    Book.author,
    Book.price,
    Book.cover_image_url,
).join(Book, Book.id == CartItem.book_id)


class CartRepository:
    """Whoever changes lines holds the lock of the cart row, so that checkout sees a line whole or not at all."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get_with_items(self, user_id: int) -> list[CartLine]:
        """The lines of the user's cart in order of adding; empty without a cart."""
        query = _LINES.join(Cart, Cart.id == CartItem.cart_id).where(Cart.user_id == user_id).order_by(CartItem.id)
        return [CartLine(*row) for row in await self._session.execute(query)]

    async def count(self, user_id: int) -> int:
        """The copies in the user's cart."""
        query = select(func.coalesce(func.sum(CartItem.quantity), 0)).join(Cart, Cart.id == CartItem.cart_id)
        return int((await self._session.execute(query.where(Cart.user_id == user_id))).scalar_one())

    async def lock(self, user_id: int) -> LockedCart | None:
        """Lock the user's cart row, then read its lines; None when there is no cart."""
        query = select(Cart.id, Cart.turn).where(Cart.user_id == user_id).with_for_update()
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else LockedCart(row.id, row.turn, await self.get_with_items(user_id))

    async def end_turn(self, cart: LockedCart) -> None:
        """Take out the lines that were read under the lock, and begin the next turn."""
        gone = (
            delete(CartItem)
            .where(CartItem.id == any_(literal([line.id for line in cart.lines], ARRAY(Integer))))
            .cte("gone")
        )
        await self._session.execute(update(Cart).where(Cart.id == cart.id).values(turn=Cart.turn + 1).add_cte(gone))

    async def open(self, user_id: int) -> int:
        """The id of the user's cart, made if need be; its row is locked either way."""
        insertion = insert(Cart).values(user_id=user_id)
        upsert = insertion.on_conflict_do_update(
            index_elements=[Cart.user_id], set_={"user_id": insertion.excluded.user_id}
        )
        cart_id: int = (await self._session.execute(upsert.returning(Cart.id))).scalar_one()
        return cart_id

    async def stock_of(self, book_id: int) -> int | None:
        """Copies on hand, unlocked: advice for the buyer, checkout judges. None when there is no such book."""
        return await self._session.scalar(select(Book.stock_quantity).where(Book.id == book_id))

    async def add_line(self, cart_id: int, book_id: int, quantity: int) -> int | None:
        """The id of the new line; None when the book has one already. The cart row must be locked."""
        insertion = insert(CartItem).values(cart_id=cart_id, book_id=book_id, quantity=quantity)
        return await self._session.scalar(insertion.on_conflict_do_nothing().returning(CartItem.id))

    async def line_of_book(self, cart_id: int, book_id: int) -> CartLine:
        """The line that a book has in a cart."""
        return await self._one(CartItem.cart_id == cart_id, CartItem.book_id == book_id)

    async def line(self, item_id: int) -> CartLine:
        """The line with that id."""
        return await self._one(CartItem.id == item_id)

    async def owner(self, item_id: int) -> int | None:
        """The id of the user whose line it is; None when there is no such line."""
        query = select(Cart.user_id).join(CartItem, CartItem.cart_id == Cart.id).where(CartItem.id == item_id)
        return await self._session.scalar(query)

    async def lock_row(self, user_id: int) -> None:
        """Lock the user's cart row before one of its lines changes."""
        await self._session.execute(select(Cart.id).where(Cart.user_id == user_id).with_for_update())

    async def change(self, item_id: int, quantity: int) -> bool:
        """Set the quantity of a line; False when it has gone. The cart row must be locked."""
        statement = update(CartItem).where(CartItem.id == item_id).values(quantity=quantity).returning(CartItem.id)
        return await self._session.scalar(statement) is not None

    async def remove(self, item_id: int) -> bool:
        """Delete a line; False when it has gone. The cart row must be locked."""
        statement = delete(CartItem).where(CartItem.id == item_id).returning(CartItem.id)
        return await self._session.scalar(statement) is not None

    async def _one(self, *conditions: ColumnElement[bool]) -> CartLine:
        return CartLine(*(await self._session.execute(_LINES.where(*conditions))).one())
