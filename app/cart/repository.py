"""The SQL of the basket."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.models import AnyOwner, Cart, CartItem, CartLine, CartOwner, LeftOut, LockedCart
from app.core.db.batch import Batch
from app.core.db.driver import driver

_LINES = """
    SELECT line.id, line.book_id, line.quantity, books.title, books.author, books.price, books.cover_image_url
    FROM cart_items AS line JOIN books ON books.id = line.book_id
"""
_OF_OWNER = f"{_LINES} JOIN carts ON carts.id = line.cart_id WHERE carts.{{owner}} = $1 ORDER BY line.id LIMIT $2"
_OF_BOOK = f"{_LINES} JOIN carts ON carts.id = line.cart_id WHERE carts.{{owner}} = $1 AND line.book_id = $2"
_BY_ID = f"{_LINES} WHERE line.id = $1"
_OWN = "SELECT id FROM carts WHERE user_id = $1 FOR UPDATE"
_GUESTS = "UPDATE carts SET last_used_at = now() WHERE token_digest = $1 RETURNING id"
_MAKE = """
    INSERT INTO carts ({owner}) VALUES ($1)
    ON CONFLICT ({owner}) DO UPDATE SET {owner} = excluded.{owner} RETURNING id
"""

# The cart row is locked, or made, before the line is written: the line is made of what that gave. So are the lines
# counted, by a volatile function: it sees what those wrote who held the lock before, as this statement does not.
_ADD = """
    WITH locked AS (
        {lock}
    ), made AS (
        INSERT INTO carts ({owner})
        SELECT $1 FROM books WHERE id = $2 AND stock_quantity > 0 AND NOT EXISTS (SELECT FROM locked) AND $5
        ON CONFLICT ({owner}) DO UPDATE SET {owner} = excluded.{owner} RETURNING id
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
_COUNT_OF_GUEST = """
    SELECT coalesce(sum(line.quantity), 0) FROM carts LEFT JOIN cart_items AS line ON line.cart_id = carts.id
    WHERE carts.token_digest = $1 GROUP BY carts.id
"""
_IS_THERE = "SELECT true FROM carts WHERE token_digest = $1"

# Of two carts that are both locked: the lines of the second ($2) that the first ($1) has too raise it to the larger
# number; the others move over, as many as fit ($3), and no book is locked for it.
_LOCK_BOTH = """
    SELECT id, token_digest IS NOT NULL FROM carts WHERE user_id = $1 OR token_digest = $2 ORDER BY id FOR UPDATE
"""
_MERGE = """
    WITH theirs AS (
        SELECT id, book_id, quantity FROM cart_items WHERE cart_id = $2
    ), raised AS (
        UPDATE cart_items AS own SET quantity = theirs.quantity FROM theirs
        WHERE own.cart_id = $1 AND own.book_id = theirs.book_id AND own.quantity < theirs.quantity
    ), others AS (
        SELECT id, book_id, row_number() OVER (ORDER BY id) + own.lines AS place
        FROM theirs, (SELECT count(*) AS lines FROM cart_items WHERE cart_id = $1) AS own
        WHERE theirs.book_id NOT IN (SELECT book_id FROM cart_items WHERE cart_id = $1)
    ), moved AS (
        UPDATE cart_items AS line SET cart_id = $1 FROM others WHERE line.id = others.id AND others.place <= $3
    )
    SELECT book_id FROM others WHERE place > $3 ORDER BY id
"""
_DISCARD = "DELETE FROM carts WHERE id = $1"

# Into a cart that is locked ($1): books ($2) and numbers ($3), as many as fit ($4); of a title in both the larger
# number. Ids are given in the order of the books, and rows are written by ascending book, as books are locked.
_TAKE_IN = """
    WITH wanted AS (
        SELECT * FROM unnest($2::integer[], $3::integer[]) WITH ORDINALITY AS one (book_id, quantity, place)
    ), raised AS (
        UPDATE cart_items AS own SET quantity = wanted.quantity FROM wanted
        WHERE own.cart_id = $1 AND own.book_id = wanted.book_id AND own.quantity < wanted.quantity
    ), others AS (
        SELECT wanted.book_id, wanted.quantity, wanted.place,
               row_number() OVER (ORDER BY wanted.place) + own.lines AS line
        FROM wanted JOIN books ON books.id = wanted.book_id,
             (SELECT count(*) AS lines FROM cart_items WHERE cart_id = $1) AS own
        WHERE wanted.book_id NOT IN (SELECT book_id FROM cart_items WHERE cart_id = $1)
    ), numbered AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('cart_items', 'id'))::integer AS id, book_id, quantity
        FROM (SELECT book_id, quantity FROM others WHERE line <= $4 ORDER BY place) AS fitting
    ), written AS (
        INSERT INTO cart_items (id, cart_id, book_id, quantity)
        SELECT id, $1, book_id, quantity FROM numbered ORDER BY book_id
    )
    SELECT wanted.book_id, books.id IS NULL AS is_gone FROM wanted
    LEFT JOIN books ON books.id = wanted.book_id LEFT JOIN others USING (book_id)
    WHERE books.id IS NULL OR others.line > $4 ORDER BY wanted.place
"""
_SWEEP = """
    DELETE FROM carts WHERE id IN (
        SELECT id FROM carts WHERE token_digest IS NOT NULL AND last_used_at < now() - $1::interval
        LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""
_REMOVE = "DELETE FROM cart_items WHERE id = ANY($1::integer[])"
_NEXT_CHECKOUT = "UPDATE carts SET checkout_number = checkout_number + 1, last_used_at = now() WHERE id = $1"


@dataclass(frozen=True, slots=True)
class _Statements:
    """What is asked about the cart of one kind of owner, whose value is `$1`."""

    lines: str
    of_book: str
    lock: str
    make: str
    add: str

    @classmethod
    def by(cls, column: str, lock: str) -> Self:
        texts = (_OF_OWNER, _OF_BOOK, lock, _MAKE, _ADD)
        return cls(*(statement.format(owner=column, lock=lock) for statement in texts))


_OF_ACCOUNTS, _OF_GUESTS = _Statements.by("user_id", _OWN), _Statements.by("token_digest", _GUESTS)


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding a book: the copies on hand, the lines that were there before (None without a cart), and the
    new one; None when nothing was added.
    """

    stock: int
    lines: int | None
    line: CartLine | None


class CartRepository:
    """Whoever changes lines holds the lock of the cart row, so that checkout sees a line whole or not at all."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get_with_items(self, owner: AnyOwner, most: int | None = None) -> list[CartLine]:
        """The lines of the owner's cart in order of adding, up to `most` of them; empty without a cart.

        The number of an account is an owner as well, here and below.
        """
        sql, value = _asked(owner)
        return [CartLine(*row) for row in await (await driver(self._session)).fetch(sql.lines, value, most)]

    async def count(self, owner: AnyOwner) -> int:
        """The copies in the owner's cart."""
        query = select(func.coalesce(func.sum(CartItem.quantity), 0)).join(Cart, Cart.id == CartItem.cart_id)
        return int((await self._session.execute(query.where(_owned_by(owner)))).scalar_one())

    async def count_of_guest(self, guest: CartOwner) -> int | None:
        """The copies in a guest's cart; None when there is no such cart."""
        count: int | None = await (await driver(self._session)).fetchval(_COUNT_OF_GUEST, guest.token_digest)
        return count

    async def is_there(self, guest: CartOwner) -> bool:
        """Whether a guest has a cart."""
        return await (await driver(self._session)).fetchval(_IS_THERE, guest.token_digest) is not None

    async def has_more_than(self, lines: int, owner: AnyOwner) -> bool:
        """Whether the owner's cart has more lines than so many."""
        query = select(CartItem.id).join(Cart, Cart.id == CartItem.cart_id).where(_owned_by(owner))
        return await self._session.scalar(query.offset(lines).limit(1)) is not None

    def empty(self, batch: Batch, cart: LockedCart) -> None:
        """With `batch`, take out the lines that were read under the lock, and count its checkout."""
        batch.add(_REMOVE, [line.id for line in cart.lines])
        batch.add(_NEXT_CHECKOUT, cart.id)

    async def add(
        self, owner: AnyOwner, book_id: int, quantity: int, most: int, *, makes_cart: bool = True
    ) -> Added | None:
        """Lock the owner's cart row and add a line; None when there is no such book.

        Where there is no cart one is made, if it `makes_cart`. Nothing is added where there are `most` lines.

        The stock is advice for the buyer, read without its lock: checkout judges.

        Raises:
            asyncpg.ForeignKeyViolationError: the book was deleted this instant.
        """
        sql, value = _asked(owner)
        row = await (await driver(self._session)).fetchrow(sql.add, value, book_id, quantity, most, makes_cart)
        if row is None:
            return None
        stock, lines, *line = row
        return Added(stock, lines, CartLine(*line) if row["id"] is not None else None)

    async def line_of_book(self, owner: AnyOwner, book_id: int) -> CartLine | None:
        """The line that a book has in the owner's cart."""
        sql, value = _asked(owner)
        return await self._one(sql.of_book, value, book_id)

    async def line(self, item_id: int) -> CartLine | None:
        """The line with that id."""
        return await self._one(_BY_ID, item_id)

    async def owner(self, item_id: int) -> CartOwner | None:
        """Whose line it is; None when there is no such line."""
        query = select(Cart.user_id, Cart.token_digest).join(CartItem, CartItem.cart_id == Cart.id)
        row = (await self._session.execute(query.where(CartItem.id == item_id))).one_or_none()
        return None if row is None else CartOwner(*row)

    async def lock_row(self, owner: AnyOwner) -> int | None:
        """Lock the owner's cart row before one of its lines changes; its id, None when there is none."""
        sql, value = _asked(owner)
        cart_id: int | None = await (await driver(self._session)).fetchval(sql.lock, value)
        return cart_id

    async def make(self, owner: AnyOwner) -> int:
        """Make the owner's cart, or lock the one that is there; its id."""
        sql, value = _asked(owner)
        cart_id: int = await (await driver(self._session)).fetchval(sql.make, value)
        return cart_id

    async def lock_both(self, user_id: int, guest: CartOwner) -> tuple[int | None, int | None]:
        """Lock the cart of an account and a guest's, by ascending id; the ids, None where there is none."""
        rows = await (await driver(self._session)).fetch(_LOCK_BOTH, user_id, guest.token_digest)
        ids: dict[bool, int] = {is_guests: cart_id for cart_id, is_guests in rows}
        return ids.get(False), ids.get(True)

    async def merge(self, cart_id: int, guests_id: int, most: int) -> list[int]:
        """Move the lines of a guest's cart, which goes; the ids of the books beyond `most` lines, which go with it.

        Both rows must be locked.
        """
        connection = await driver(self._session)
        left: list[int] = [book_id for (book_id,) in await connection.fetch(_MERGE, cart_id, guests_id, most)]
        await connection.execute(_DISCARD, guests_id)
        return left

    async def take_in(self, cart_id: int, wanted: Mapping[int, int], most: int) -> LeftOut:
        """Put in numbers of copies by the ids of books, sold out or not. The cart row must be locked."""
        connection, left = await driver(self._session), LeftOut()
        for book_id, is_gone in await connection.fetch(_TAKE_IN, cart_id, [*wanted], [*wanted.values()], most):
            (left.gone if is_gone else left.full).append(book_id)
        return left

    async def sweep(self, unused: timedelta, most: int) -> int:
        """Delete up to `most` carts of guests that were not used for so long, save those somebody holds; how many."""
        return len(await (await driver(self._session)).fetch(_SWEEP, unused, most))

    async def change(self, item_id: int, cart_id: int, quantity: int) -> bool:
        """Set the quantity of a line; False when it has gone. The cart row must be locked."""
        mine = (CartItem.id == item_id, CartItem.cart_id == cart_id)
        statement = update(CartItem).where(*mine).values(quantity=quantity).returning(CartItem.id)
        return await self._session.scalar(statement) is not None

    async def remove(self, item_id: int, cart_id: int) -> bool:
        """Delete a line; False when it has gone. The cart row must be locked."""
        mine = (CartItem.id == item_id, CartItem.cart_id == cart_id)
        return await self._session.scalar(delete(CartItem).where(*mine).returning(CartItem.id)) is not None

    async def _one(self, query: str, *arguments: int | bytes | None) -> CartLine | None:
        row = await (await driver(self._session)).fetchrow(query, *arguments)
        return CartLine(*row) if row else None


def _asked(owner: AnyOwner) -> tuple[_Statements, int | bytes | None]:
    """The statements for that kind of owner, and the value of `$1` in them."""
    whose = CartOwner.of(owner)
    return (_OF_GUESTS, whose.token_digest) if whose.is_guest else (_OF_ACCOUNTS, whose.user_id)


def _owned_by(owner: AnyOwner) -> ColumnElement[bool]:
    whose = CartOwner.of(owner)
    return Cart.token_digest == whose.token_digest if whose.is_guest else Cart.user_id == whose.user_id
