"""The SQL of the basket."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.models import Cart, CartItem, CartLine
from app.catalog.models import Book


@dataclass(frozen=True, slots=True)
class LineOwner:
    """Whose line it is, and the cart whose row guards it."""

    cart_id: int
    user_id: int


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

    async def lock(self, user_id: int) -> int | None:
        """Lock the user's cart row; its id, or None when there is no cart."""
        query = select(Cart.id).where(Cart.user_id == user_id).with_for_update()
        return await self._session.scalar(query)

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

    async def lock_owner(self, item_id: int) -> LineOwner | None:
        """Whose line it is, with the cart row locked; None when there is no such line."""
        query = (
            select(Cart.id, Cart.user_id)
            .join(CartItem, CartItem.cart_id == Cart.id)
            .where(CartItem.id == item_id)
            .with_for_update(of=Cart)
        )
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else LineOwner(*row)

    async def change(self, item_id: int, quantity: int) -> bool:
        """Set the quantity of a line; False when it has gone. The cart row must be locked."""
        statement = update(CartItem).where(CartItem.id == item_id).values(quantity=quantity).returning(CartItem.id)
        return await self._session.scalar(statement) is not None

    async def remove(self, item_ids: Sequence[int]) -> int:
        """Delete lines, and say how many there were. The cart row must be locked."""
        statement = delete(CartItem).where(CartItem.id.in_(item_ids)).returning(CartItem.id)
        return len((await self._session.scalars(statement)).all())

    async def _one(self, *conditions: ColumnElement[bool]) -> CartLine:
        return CartLine(*(await self._session.execute(_LINES.where(*conditions))).one())
