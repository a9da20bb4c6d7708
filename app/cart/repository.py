"""The SQL of the basket."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.models import Cart, CartItem, CartLine, LockedCart
from app.core.db.batch import Batch
from app.core.db.driver import driver

_LINES = """
    SELECT line.id, line.book_id, line.quantity, books.title, books.author, books.price, books.cover_image_url
    FROM cart_items AS line JOIN books ON books.id = line.book_id
"""
_OF_USER = f"{_LINES} JOIN carts ON carts.id = line.cart_id WHERE carts.user_id = $1 ORDER BY line.id LIMIT $2"
_OF_BOOK = f"{_LINES} JOIN carts ON carts.id = line.cart_id WHERE carts.user_id = $1 AND line.book_id = $2"
_BY_ID = f"{_LINES} WHERE line.id = $1"
_LOCK = "SELECT FROM carts WHERE user_id = $1 FOR UPDATE"

# The cart row is locked, or made, before the line is written: the line is made of what that gave. So are the lines
# counted, by a volatile function: it sees what those wrote who held the lock before, as this statement does not.
_ADD = """
    WITH locked AS (
        SELECT id FROM carts WHERE user_id = $1 FOR UPDATE
    ), made AS (
        INSERT INTO carts (user_id)
        SELECT $1 FROM books WHERE id = $2 AND stock_quantity > 0 AND NOT EXISTS (SELECT FROM locked)
        ON CONFLICT (user_id) DO UPDATE SET user_id = excluded.user_id RETURNING id
    ), cart AS MATERIALIZED (
        SELECT id, bookstore_cart_lines(id) AS lines FROM (SELECT id FROM locked UNION ALL SELECT id FROM made) AS one
    ), line AS (
        INSERT INTO cart_items (cart_id, book_id, quantity)
        SELECT cart.id, books.id, $3 FROM cart, books
        WHERE books.id = $2 AND books.stock_quantity > 0 AND cart.lines < $4
        ON CONFLICT (cart_id, book_id) DO NOTHING RETURNING id, book_id, quantity
    )
    SELECT books.stock_quantity, (SELECT lines FROM cart) AS lines, line.id, line.book_id, line.quantity,
           books.title, books.author, books.price, books.cover_image_url
    FROM books LEFT JOIN line ON true WHERE books.id = $2
"""
_REMOVE = "DELETE FROM cart_items WHERE id = ANY($1::integer[])"
_NEXT_CHECKOUT = "UPDATE carts SET checkout_number = checkout_number + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding a book: the copies on hand, the lines that were there before, and the new one; None when
    nothing was added.
    """

    stock: int
    lines: int
    line: CartLine | None


class CartRepository:
    """Whoever changes lines holds the lock of the cart row, so that checkout sees a line whole or not at all."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get_with_items(self, user_id: int, most: int | None = None) -> list[CartLine]:
        """The lines of the user's cart in order of adding, up to `most` of them; empty without a cart."""
        return [CartLine(*row) for row in await (await driver(self._session)).fetch(_OF_USER, user_id, most)]

    async def count(self, user_id: int) -> int:
        """The copies in the user's cart."""
        query = select(func.coalesce(func.sum(CartItem.quantity), 0)).join(Cart, Cart.id == CartItem.cart_id)
        return int((await self._session.execute(query.where(Cart.user_id == user_id))).scalar_one())

    async def has_more_than(self, lines: int, user_id: int) -> bool:
        """Whether the user's cart has more lines than so many."""
        query = select(CartItem.id).join(Cart, Cart.id == CartItem.cart_id).where(Cart.user_id == user_id)
        return await self._session.scalar(query.offset(lines).limit(1)) is not None

    def empty(self, batch: Batch, cart: LockedCart) -> None:
        """With `batch`, take out the lines that were read under the lock, and count its checkout."""
        batch.add(_REMOVE, [line.id for line in cart.lines])
        batch.add(_NEXT_CHECKOUT, cart.id)

    async def add(self, user_id: int, book_id: int, quantity: int, most: int) -> Added | None:
        """Lock the user's cart row, made if need be, and add a line; None when there is no such book.

        Nothing is added where there are `most` lines.

        The stock is advice for the buyer, read without its lock: checkout judges.

        Raises:
            asyncpg.ForeignKeyViolationError: the book was deleted this instant.
        """
        row = await (await driver(self._session)).fetchrow(_ADD, user_id, book_id, quantity, most)
        if row is None:
            return None
        stock, lines, *line = row
        return Added(stock, lines or 0, CartLine(*line) if row["id"] is not None else None)

    async def line_of_book(self, user_id: int, book_id: int) -> CartLine | None:
        """The line that a book has in the user's cart."""
        return await self._one(_OF_BOOK, user_id, book_id)

    async def line(self, item_id: int) -> CartLine | None:
        """The line with that id."""
        return await self._one(_BY_ID, item_id)

    async def owner(self, item_id: int) -> int | None:
        """The id of the user whose line it is; None when there is no such line."""
        query = select(Cart.user_id).join(CartItem, CartItem.cart_id == Cart.id).where(CartItem.id == item_id)
        return await self._session.scalar(query)

    async def lock_row(self, user_id: int) -> None:
        """Lock the user's cart row before one of its lines changes."""
        await (await driver(self._session)).execute(_LOCK, user_id)

    async def change(self, item_id: int, quantity: int) -> bool:
        """Set the quantity of a line; False when it has gone. The cart row must be locked."""
        statement = update(CartItem).where(CartItem.id == item_id).values(quantity=quantity).returning(CartItem.id)
        return await self._session.scalar(statement) is not None

    async def remove(self, item_id: int) -> bool:
        """Delete a line; False when it has gone. The cart row must be locked."""
        statement = delete(CartItem).where(CartItem.id == item_id).returning(CartItem.id)
        return await self._session.scalar(statement) is not None

    async def _one(self, query: str, *arguments: int) -> CartLine | None:
        row = await (await driver(self._session)).fetchrow(query, *arguments)
        return CartLine(*row) if row else None
