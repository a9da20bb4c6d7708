"""The SQL of orders. Set-based: a lock is held for statements × round trip."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Protocol, TypeVarTuple

from sqlalchemy import ARRAY, Integer, Select, any_, func, insert, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import User
from app.catalog.models import Book
from app.core.paging import Position
from app.orders.models import Order, OrderEvent, OrderItem, OrderStatus
from app.orders.query import OrderFilter


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


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be written, with the snapshot of its book."""

    book: LockedBook
    quantity: int


class Buyer(Protocol):
    """Whom the mails of an order go to; `display_name` when one was chosen."""

    @property
    def email(self) -> str: ...
    @property
    def display_name(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Restocked:
    """A book that got copies back, and how many it had before."""

    book_id: int
    title: str
    before: int


Columns = TypeVarTuple("Columns")

_WITH_ITEMS = selectinload(Order.items).options(
    joinedload(OrderItem.book).load_only(
        Book.title, Book.author, Book.isbn, Book.price, Book.cover_image_url, raiseload=True
    )
)
_WHOLE = (_WITH_ITEMS, selectinload(Order.events))


_PLACE_ORDER = text("""
    WITH placed AS (
        INSERT INTO orders (user_id, currency, payment_reference) VALUES (:user_id, :currency, :payment_reference)
        RETURNING id, status, created_at
    ), noted AS (
        INSERT INTO order_events (order_id, status, actor_user_id) SELECT id, status, :user_id FROM placed
    )
    SELECT id, created_at FROM placed
""")

_CANCEL_ORDER = text("""
    WITH cancelled AS (
        UPDATE orders SET status = 'cancelled' WHERE id = :order_id RETURNING id, status
    )
    INSERT INTO order_events (order_id, status, reason, actor_user_id)
    SELECT id, status, :reason, :actor_id FROM cancelled
""")

_MOVE_STOCK = text("""
    WITH moved AS (
        UPDATE books SET stock_quantity = stock_quantity + line.delta
        FROM unnest(CAST(:book_ids AS integer[]), CAST(:deltas AS integer[])) AS line (book_id, delta)
        WHERE books.id = line.book_id
        RETURNING books.id, books.title, line.delta, books.stock_quantity
    )
    INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, reason, order_id, actor_user_id)
    SELECT id, title, delta, stock_quantity, :kind, :reason, :order_id, :actor_id FROM moved ORDER BY id
    RETURNING book_id, book_title, quantity_after - delta
""")


class OrderRepository:
    """Orders, and the books under the lock of a checkout."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_books(self, book_ids: Sequence[int]) -> list[LockedBook]:
        """Lock the rows of these books (`FOR UPDATE`) in ascending id and read them as they are under the lock.

        The one place where orders lock books. The caller sorts the ids; a book that has gone is missing in the
        answer. Columns, not objects, are selected: nothing the session read before can stand in for them.
        """
        query = select(
            Book.id, Book.title, Book.author, Book.isbn, Book.price, Book.cover_image_url, Book.stock_quantity
        )
        locked = (
            query.where(Book.id == any_(literal(list(book_ids), ARRAY(Integer)))).order_by(Book.id).with_for_update()
        )
        return [LockedBook(*row) for row in await self._session.execute(locked)]

    async def create_order(
        self, user_id: int, lines: Sequence[NewLine], *, currency: str, payment_reference: str | None
    ) -> Order:
        """Write a confirmed order, its lines in the order given, the stock decrements and their `sale` movements.

        The books must be locked by this transaction. The order comes back with items and books loaded.
        """
        values = {"user_id": user_id, "currency": currency, "payment_reference": payment_reference}
        order_id, created_at = (await self._session.execute(_PLACE_ORDER, values)).one()
        item_ids = await self._write_lines(order_id, lines)
        await self._take_stock(order_id, user_id, lines)
        return Order(
            id=order_id,
            status=OrderStatus.CONFIRMED,
            created_at=created_at,
            currency=currency,
            items=[_item(item_id, line) for item_id, line in zip(item_ids, lines, strict=True)],
            events=[OrderEvent(status=OrderStatus.CONFIRMED, created_at=created_at)],
        )

    async def _write_lines(self, order_id: int, lines: Sequence[NewLine]) -> Sequence[int]:
        rows = [
            {
                "order_id": order_id,
                "book_id": line.book.id,
                "quantity": line.quantity,
                "unit_price": line.book.price,
                "title": line.book.title,
                "author": line.book.author,
                "isbn": line.book.isbn,
            }
            for line in lines
        ]
        statement = insert(OrderItem).returning(OrderItem.id, sort_by_parameter_order=True)
        return (await self._session.scalars(statement, rows)).all()

    async def _take_stock(self, order_id: int, user_id: int, lines: Sequence[NewLine]) -> None:
        """Decrement in SQL and write what the ledger saw, in one statement."""
        parameters = {
            "order_id": order_id,
            "actor_id": user_id,
            "kind": "sale",
            "reason": None,
            "book_ids": [line.book.id for line in lines],
            "deltas": [-line.quantity for line in lines],
        }
        await self._session.execute(_MOVE_STOCK, parameters)

    async def lock(self, order_id: int, of_user: int | None = None) -> Order | None:
        """Lock an order's row, and read the order with its items as it is under the lock.

        With `of_user` only an order of that user is found, and nobody waits for the order of another.
        """
        query = select(Order).where(Order.id == order_id).with_for_update()
        if of_user is not None:
            query = query.where(Order.user_id == of_user)
        return await self._session.scalar(query.options(_WITH_ITEMS).execution_options(populate_existing=True))

    async def buyer(self, order_id: int) -> Buyer:
        """Whose order it is; the order's row must be locked."""
        query = select(User.email, User.display_name).join(Order)
        return (await self._session.execute(query.where(Order.id == order_id))).one()

    async def is_within(self, order_id: int, window: timedelta) -> bool:
        """Whether the order was made no longer than that ago, by the clock of the database."""
        query = select(Order.created_at >= func.now() - window).where(Order.id == order_id)
        return bool(await self._session.scalar(query))

    async def cancel(self, order: Order, actor_id: int, reason: str | None) -> None:
        """Take the step to `cancelled`. The order row must be locked."""
        parameters = {"order_id": order.id, "actor_id": actor_id, "reason": reason}
        await self._session.execute(_CANCEL_ORDER, parameters)

    async def put_back_stock(self, order: Order, actor_id: int, reason: str | None) -> list[Restocked]:
        """Give the copies of an order back to its books that are still sold, in one statement; the books by id.

        The books must be locked.
        """
        lines = [(item.book_id, item.quantity) for item in order.items if item.book_id is not None]
        parameters = {
            "order_id": order.id,
            "actor_id": actor_id,
            "kind": "cancellation",
            "reason": reason,
            "book_ids": [book_id for book_id, _ in lines],
            "deltas": [quantity for _, quantity in lines],
        }
        return [Restocked(*row) for row in await self._session.execute(_MOVE_STOCK, parameters)]

    async def list_for_user(self, user_id: int, *, limit: int, after: Position | None = None) -> list[Order]:
        """The user's orders, newest first."""
        rows = await self._session.scalars(_page(select(Order), OrderFilter(user_id=user_id), limit, after))
        return list(rows)

    async def list_all(
        self, wanted: OrderFilter, *, limit: int, after: Position | None = None
    ) -> list[tuple[Order, str]]:
        """All users' orders with the buyer's e-mail address, newest first."""
        query = select(Order, User.email).join(User)
        return [(order, email) for order, email in await self._session.execute(_page(query, wanted, limit, after))]

    async def count(self, wanted: OrderFilter) -> int:
        """How many orders there are of that kind."""
        return await self._session.scalar(_filtered(select(func.count()).select_from(Order), wanted)) or 0

    async def get_by_id_for_user(self, order_id: int, user_id: int) -> Order | None:
        """An order of that user; None when it is missing or another's."""
        query = select(Order).where(Order.id == order_id, Order.user_id == user_id).options(*_WHOLE)
        return await self._session.scalar(query.execution_options(populate_existing=True))

    async def get_by_id(self, order_id: int) -> tuple[Order, str] | None:
        """Anyone's order with the buyer's e-mail address."""
        query = select(Order, User.email).join(User).where(Order.id == order_id)
        whole = query.options(*_WHOLE).execution_options(populate_existing=True)
        row = (await self._session.execute(whole)).one_or_none()
        return None if row is None else (row[0], row[1])


def _item(item_id: int, line: NewLine) -> OrderItem:
    book = line.book
    return OrderItem(
        id=item_id,
        book_id=book.id,
        quantity=line.quantity,
        unit_price=book.price,
        title=book.title,
        author=book.author,
        isbn=book.isbn,
        book=Book(
            id=book.id,
            title=book.title,
            author=book.author,
            price=book.price,
            cover_image_url=book.cover_image_url,
        ),
    )


def _filtered(query: Select[*Columns], wanted: OrderFilter) -> Select[*Columns]:
    if wanted.user_id is not None:
        query = query.where(Order.user_id == wanted.user_id)
    if wanted.email is not None:
        buyer = select(User.id).where(func.lower(User.email) == func.lower(wanted.email))
        query = query.where(Order.user_id == buyer.scalar_subquery())
    if wanted.status is not None:
        query = query.where(Order.status == wanted.status)
    if wanted.created_from is not None:
        query = query.where(Order.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        query = query.where(Order.created_at < wanted.created_to)
    return query


def _page(query: Select[*Columns], wanted: OrderFilter, limit: int, after: Position | None) -> Select[*Columns]:
    query = _filtered(query, wanted).order_by(Order.created_at.desc(), Order.id.desc())
    if after is not None:
        query = query.where(tuple_(Order.created_at, Order.id) < tuple_(after.created_at, after.id))
    return query.limit(limit).options(*_WHOLE)
