"""Book rows under a lock, and the stock ledger. Every lock of a book and every change of stock in `app` stands here.

Whoever changes stock holds the lock of the book's row, and writes the movement in the same transaction. Several rows
are locked in ascending id, after the cart and before orders.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVarTuple

from sqlalchemy import Select, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.errors import BookNotFound, StockOutOfRange
from app.catalog.models import Book, StockMovement
from app.catalog.rules import fits_stock, is_restock
from app.core.db.base import Base
from app.core.db.driver import driver

Columns = TypeVarTuple("Columns")

BOOKS_STAY = "FOR KEY SHARE OF books"
"""The end of a query: the rows of `books` that it reads are not deleted before the transaction ends."""

_READ_BOOKS = """
    SELECT id, title, author, isbn, price, cover_image_url, stock_quantity, tax_category, weight_grams FROM books
    WHERE id = ANY($1::integer[]) ORDER BY id
"""
_LOCK_BOOKS = f"{_READ_BOOKS} FOR UPDATE"

_PUT_BACK = text("""
    WITH moved AS (
        UPDATE books SET stock_quantity = stock_quantity + line.quantity
        FROM unnest(CAST(:book_ids AS integer[]), CAST(:quantities AS integer[])) AS line (book_id, quantity)
        WHERE books.id = line.book_id
        RETURNING books.id, books.title, line.quantity, books.stock_quantity
    )
    INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, reason, order_id, actor_user_id)
    SELECT id, title, quantity, stock_quantity, 'cancellation', :reason, :order_id, :actor_id FROM moved ORDER BY id
    RETURNING book_id, book_title, quantity_after - delta
""")

IMPORTED_STOCK = "stock_quantity = coalesce(s.stock, b.stock_quantity)"
"""In an UPDATE of books `b` from `import_batch s`: the stock that the file gives; its movement is written before."""

MOVE_IMPORTED_STOCK = """
    INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, reason)
    SELECT b.id, s.title, s.stock - b.stock_quantity, s.stock, 'set', 'import'
    FROM books b JOIN import_batch s ON s.book_id = b.id
    WHERE b.id = ANY($1::integer[]) AND s.stock <> b.stock_quantity
    ORDER BY b.id
    RETURNING book_id, delta = quantity_after AS was_empty
"""
"""The movements of the books with these ids, which are locked and about to get the stock of their import."""


@dataclass(frozen=True, slots=True)
class LockedBook:
    """A book as it stands under its row lock. `price` in major units of the shop's currency."""

    id: int
    title: str
    author: str
    isbn: str | None
    price: Decimal
    cover_image_url: str | None
    stock_quantity: int
    tax_category: str
    weight_grams: int | None


@dataclass(frozen=True, slots=True)
class PutBack:
    """A book that got copies back, and how many it had before."""

    book_id: int
    title: str
    before: int


async def lock_books(session: AsyncSession, book_ids: Sequence[int]) -> list[LockedBook]:
    """Lock the rows of these books (`FOR UPDATE`) in ascending id and read them as they are under the lock.

    The caller sorts the ids; a book that has gone is missing in the answer. Columns, not objects, are selected:
    nothing the session read before can stand in for them.
    """
    rows = await (await driver(session)).fetch(_LOCK_BOOKS, list(book_ids))
    return [LockedBook(*row) for row in rows]


async def look_at_books(session: AsyncSession, book_ids: Sequence[int]) -> list[LockedBook]:
    """The same without a lock: for telling what a sale would come to, never for making one."""
    rows = await (await driver(session)).fetch(_READ_BOOKS, list(book_ids))
    return [LockedBook(*row) for row in rows]


def locking(query: Select[*Columns], *also: type[Base]) -> Select[*Columns]:
    """The query, locking the book rows it reads (`FOR NO KEY UPDATE`: others may still refer to them).

    Rows of other tables are locked as well where they are named. A query for several books has them in ascending id.
    """
    return query.with_for_update(key_share=True, of=(Book, *also))


def lock_all(found: str) -> str:
    """The SQL that locks (`FOR UPDATE`) the books `b` that FROM `found` finds, in ascending id; their ids."""
    return f"SELECT b.id FROM {found} ORDER BY b.id FOR UPDATE OF b"


def sale(*, order: str, buyer: str, book_ids: str, quantities: str) -> str:
    """Two parts of a WITH: `sold` takes the copies of an order off its books, `moved` writes their `sale` movements.

    `order` is a part before them with the order's id, the others are parameters such as `$1`: the buyer's id, and two
    arrays. The books must be locked. A row of `sold` is the book under that lock (id, title, author, isbn, price)
    with its line's quantity and place, counted from 1.
    """
    return f"""sold AS (
        UPDATE books SET stock_quantity = books.stock_quantity - line.quantity
        FROM unnest({book_ids}::integer[], {quantities}::integer[])
            WITH ORDINALITY AS line (book_id, quantity, place)
        WHERE books.id = line.book_id
        RETURNING books.id, title, author, isbn, price, line.quantity, line.place, books.stock_quantity
    ), moved AS (
        INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, order_id, actor_user_id)
        SELECT sold.id, title, -quantity, stock_quantity, 'sale', {order}.id, {buyer} FROM sold, {order}
        ORDER BY sold.id
    )"""


async def put_back(
    session: AsyncSession, order_id: int, copies: Sequence[tuple[int, int]], *, actor_id: int, reason: str | None
) -> list[PutBack]:
    """Give the copies of a cancelled order, as book ids and quantities, back to its books in one statement.

    The books by id. They must be locked; one that has gone is left out.
    """
    parameters = {
        "order_id": order_id,
        "actor_id": actor_id,
        "reason": reason,
        "book_ids": [book_id for book_id, _ in copies],
        "quantities": [quantity for _, quantity in copies],
    }
    return [PutBack(*row) for row in await session.execute(_PUT_BACK, parameters)]


@dataclass(frozen=True, slots=True)
class StockChange:
    """A book after its stock was set or adjusted; `movement` is None when it had that stock already."""

    book: Book
    before: int
    movement: StockMovement | None

    @property
    def back_in_stock(self) -> bool:
        """Whether those who wait for the book are to be told."""
        return is_restock(self.before, self.book.stock_quantity)


class StockService:
    """Stock in the transaction of a session. The book row stays locked until the transaction ends."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def set(self, book_id: int, quantity: int, reason: str | None, actor_id: int) -> StockChange:
        """Set the absolute stock.

        Raises:
            BookNotFound: there is no such book.
        """
        before = await self._lock(book_id)
        if before == quantity:
            return StockChange(await self._book(book_id), before, None)
        return await self._move(book_id, before, quantity - before, "set", reason, actor_id)

    async def adjust(self, book_id: int, delta: int, kind: str, reason: str, actor_id: int) -> StockChange:
        """Change the stock by `delta` copies, which is not 0.

        Raises:
            BookNotFound: there is no such book.
            StockOutOfRange: the stock would leave its bounds.
        """
        before = await self._lock(book_id)
        if not fits_stock(before + delta):
            raise StockOutOfRange(before)
        return await self._move(book_id, before, delta, kind, reason, actor_id)

    async def remove(self, book_id: int, actor_id: int) -> None:
        """Close the ledger of a book that is about to be deleted: what is left goes. The stock itself stays.

        Raises:
            BookNotFound: there is no such book.
        """
        left = await self._lock(book_id)
        if left:
            await self._record(await self._book(book_id), -left, 0, "removal", None, actor_id)

    async def movements(self, book_id: int, offset: int, limit: int) -> tuple[int, list[StockMovement]]:
        """The number of a book's movements and some of them, the newest first.

        Raises:
            BookNotFound: there is no such book.
        """
        total = func.count(StockMovement.id)
        counted = select(total).select_from(Book).outerjoin(StockMovement)
        count = await self._session.scalar(counted.where(Book.id == book_id).group_by(Book.id))
        if count is None:
            raise BookNotFound
        listed = select(StockMovement).where(StockMovement.book_id == book_id).order_by(StockMovement.id.desc())
        return count, list(await self._session.scalars(listed.offset(offset).limit(limit)))

    async def scarce(self, threshold: int, offset: int, limit: int) -> tuple[int, list[Book]]:
        """How many books have that stock or less, and some of them, the least first, then by id."""
        few = Book.stock_quantity <= threshold
        count = await self._session.scalar(select(func.count()).select_from(Book).where(few))
        listed = select(Book).where(few).order_by(Book.stock_quantity, Book.id).offset(offset).limit(limit)
        return count or 0, list(await self._session.scalars(listed))

    async def _lock(self, book_id: int) -> int:
        """The copies on hand, read in the statement that locks."""
        query = select(Book.stock_quantity).where(Book.id == book_id).with_for_update()
        quantity = await self._session.scalar(query)
        if quantity is None:
            raise BookNotFound
        return quantity

    async def _book(self, book_id: int) -> Book:
        query = select(Book).where(Book.id == book_id).execution_options(populate_existing=True)
        return (await self._session.scalars(query)).one()

    async def _move(
        self, book_id: int, before: int, delta: int, kind: str, reason: str | None, actor_id: int
    ) -> StockChange:
        change = update(Book).where(Book.id == book_id).values(stock_quantity=Book.stock_quantity + delta)
        result = await self._session.scalars(
            change.returning(Book), execution_options={"populate_existing": True, "synchronize_session": False}
        )
        book = result.one()
        movement = await self._record(book, delta, book.stock_quantity, kind, reason, actor_id)
        return StockChange(book, before, movement)

    async def _record(
        self, book: Book, delta: int, quantity_after: int, kind: str, reason: str | None, actor_id: int
    ) -> StockMovement:
        row = insert(StockMovement).values(
            book_id=book.id,
            book_title=book.title,
            delta=delta,
            quantity_after=quantity_after,
            kind=kind,
            reason=reason,
            actor_user_id=actor_id,
        )
        return (await self._session.scalars(row.returning(StockMovement))).one()
