"""What is exported for the bookkeeper: three tables, each one query that is read in pieces."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import String

from app.accounts.models import User
from app.admin.csv_lines import MARK, csv_lines
from app.catalog.models import Book, Genre, StockMovement
from app.orders.models import Order, OrderItem

ROWS_A_PIECE = 500
ExportName = Literal["orders", "books", "movements"]


@dataclass(frozen=True, slots=True)
class ExportPeriod:
    """Rows made from `start` (inclusive) to `end` (exclusive); None is without bound."""

    start: datetime | None = None
    end: datetime | None = None

    def bounds(self, moment: InstrumentedAttribute[datetime]) -> list[ColumnElement[bool]]:
        """The conditions on the time of a row."""
        conditions = []
        if self.start is not None:
            conditions.append(moment >= self.start)
        if self.end is not None:
            conditions.append(moment < self.end)
        return conditions


def _orders(period: ExportPeriod) -> Select[*tuple[Any, ...]]:
    """A row a line of an order, the oldest order first. Title, author and ISBN are those of the purchase."""
    return (
        select(
            Order.id.label("order_id"),
            Order.created_at,
            cast(Order.status, String).label("status"),
            User.email.label("buyer_email"),
            OrderItem.book_id,
            func.coalesce(OrderItem.isbn, Book.isbn).label("isbn"),
            func.coalesce(OrderItem.title, Book.title).label("title"),
            func.coalesce(OrderItem.author, Book.author).label("author"),
            OrderItem.quantity,
            OrderItem.unit_price,
            OrderItem.line_total,
            Order.currency,
            Order.payment_reference,
        )
        .join(User, User.id == Order.user_id)
        .join(OrderItem, OrderItem.order_id == Order.id)
        .outerjoin(Book, Book.id == OrderItem.book_id)
        .where(*period.bounds(Order.created_at))
        .order_by(Order.created_at, Order.id, OrderItem.id)
    )


def _books(period: ExportPeriod) -> Select[*tuple[Any, ...]]:
    """A row a book, with names of columns that `bookstore import` knows."""
    return (
        select(
            Book.id.label("book_id"),
            Book.isbn,
            Book.title,
            Book.author,
            Genre.name.label("genre"),
            Book.price,
            Book.stock_quantity,
            Book.publish_date,
            Book.cover_image_url,
            Book.description,
            Book.created_at,
            Book.updated_at,
            Book.weight_grams,
            Book.tax_category,
        )
        .outerjoin(Genre, Genre.id == Book.genre_id)
        .where(*period.bounds(Book.created_at))
        .order_by(Book.id)
    )


def _movements(period: ExportPeriod) -> Select[*tuple[Any, ...]]:
    """A row a change of stock, the oldest first."""
    return (
        select(
            StockMovement.id.label("movement_id"),
            StockMovement.created_at,
            StockMovement.kind,
            StockMovement.book_id,
            Book.isbn,
            StockMovement.book_title,
            StockMovement.delta,
            StockMovement.quantity_after,
            StockMovement.reason,
            StockMovement.order_id,
            StockMovement.actor_user_id,
            User.email.label("actor_email"),
        )
        .outerjoin(Book, Book.id == StockMovement.book_id)
        .outerjoin(User, User.id == StockMovement.actor_user_id)
        .where(*period.bounds(StockMovement.created_at))
        .order_by(StockMovement.id)
    )


_QUERIES: Mapping[ExportName, Any] = {"orders": _orders, "books": _books, "movements": _movements}


async def csv_pieces(connection: AsyncConnection, name: ExportName, period: ExportPeriod) -> AsyncGenerator[bytes]:
    """The file, header first, from a cursor of the database: no more than a piece of it is ever in memory."""
    async with connection.stream(_QUERIES[name](period), execution_options={"yield_per": ROWS_A_PIECE}) as rows:
        yield MARK + csv_lines([list(rows.keys())])
        async for piece in rows.partitions():
            yield csv_lines(piece)
