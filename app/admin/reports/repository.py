"""The SQL of the reports. Only confirmed orders count."""

from datetime import date, datetime

from sqlalchemy import Subquery, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.reports.rules import BookSales, DaySales, Measure, Period, Sales, Span
from app.catalog.models import Book
from app.orders.models import Order, OrderItem, OrderStatus

# The lines are added up by order first, so that an order counts once. The periods touch: one range of the index on
# (status, created_at) holds both.
_SALES = text("""
    SELECT coalesce(sum(total) FILTER (WHERE created_at >= :start), 0),
           count(*) FILTER (WHERE created_at >= :start),
           coalesce(sum(total) FILTER (WHERE created_at < :start), 0),
           count(*) FILTER (WHERE created_at < :start),
           coalesce(sum(total) FILTER (WHERE created_at < :like_end), 0),
           count(*) FILTER (WHERE created_at < :like_end)
    FROM (
        SELECT orders.created_at, sum(line.quantity * line.unit_price) AS total
        FROM orders LEFT JOIN order_items line ON line.order_id = orders.id
        WHERE orders.status = 'confirmed' AND orders.created_at >= :before_start AND orders.created_at < :end
        GROUP BY orders.id
    ) sold
""")
_BY_DAY = text("""
    SELECT day, sum(total), count(*), CAST(sum(copies) AS bigint)
    FROM (
        SELECT CAST(timezone('UTC', orders.created_at) AS date) AS day,
               coalesce(sum(line.quantity * line.unit_price), 0) AS total, coalesce(sum(line.quantity), 0) AS copies
        FROM orders LEFT JOIN order_items line ON line.order_id = orders.id
        WHERE orders.status = 'confirmed'
          AND orders.created_at >= timezone('UTC', CAST(CAST(:first AS date) AS timestamp))
          AND orders.created_at < timezone('UTC', CAST(CAST(:last AS date) + 1 AS timestamp))
        GROUP BY orders.id
    ) sold
    GROUP BY day
""")
# The report is not paged, so the database writes its JSON: a hundred thousand books would hold the event loop up.
_LOW_STOCK = text("""
    SELECT count(*), CAST(coalesce(json_agg(item), '[]') AS text)
    FROM (
        SELECT id AS book_id, title, author, stock_quantity AS current_stock, CAST(:threshold AS integer) AS threshold
        FROM books WHERE stock_quantity <= CAST(:threshold AS integer)
        ORDER BY stock_quantity, id
    ) item
""")


class ReportRepository:
    """Reports on the transaction of `session`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def now(self) -> datetime:
        """The clock of the database, in UTC."""
        return (await self._session.execute(select(func.now()))).scalar_one()

    async def sales(self, period: Period) -> tuple[Sales, Sales, Sales]:
        """Of this period, of the whole one before, and of the like part of that one."""
        moments = {
            "start": period.now.start,
            "end": period.now.end,
            "before_start": period.before.start,
            "like_end": period.like.end,
        }
        row = (await self._session.execute(_SALES, moments)).one()
        return Sales(row[0], row[1]), Sales(row[2], row[3]), Sales(row[4], row[5])

    async def sales_by_day(self, first: date, last: date) -> list[DaySales]:
        """Those days of the range, both ends included, on which there were orders."""
        rows = await self._session.execute(_BY_DAY, {"first": first, "last": last})
        return [DaySales(*row) for row in rows]

    async def top_books(self, measure: Measure, limit: int, within: Span | None) -> list[BookSales]:
        """The best first, ties by id; books that are gone are left out."""
        sold = _sold_by_book(within)
        best = sold.c.revenue if measure == "revenue" else sold.c.units_sold
        query = select(Book.id, Book.title, Book.author, sold.c.revenue, sold.c.units_sold)
        query = query.join(sold, sold.c.book_id == Book.id).order_by(best.desc(), Book.id).limit(limit)
        return [BookSales(*row) for row in await self._session.execute(query)]

    async def low_stock(self, threshold: int) -> tuple[int, str]:
        """How many books have that stock or less, and they as a JSON array, the least first, then by id."""
        row = (await self._session.execute(_LOW_STOCK, {"threshold": threshold})).one()
        return row[0], row[1]


def _sold_by_book(within: Span | None) -> Subquery:
    revenue = func.sum(OrderItem.quantity * OrderItem.unit_price).label("revenue")
    query = select(OrderItem.book_id, revenue, func.sum(OrderItem.quantity).label("units_sold"))
    query = query.join(Order, Order.id == OrderItem.order_id).where(Order.status == OrderStatus.CONFIRMED)
    if within is not None:
        query = query.where(Order.created_at >= within.start, Order.created_at < within.end)
    return query.group_by(OrderItem.book_id).subquery()
