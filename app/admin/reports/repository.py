"""The SQL of the reports. Only confirmed orders count."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Select, desc, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.reports.rules import BookSales, DaySales, Measure, Period, Sales, Span
from app.catalog.models import Book
from app.orders.models import Order, OrderItem, OrderStatus

_COLUMNS: Mapping[Measure, str] = {"revenue": "revenue", "volume": "units_sold"}
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
    WITH sold AS NOT MATERIALIZED (
        SELECT id, CAST(timezone('UTC', created_at) AS date) AS day FROM orders
        WHERE status = 'confirmed'
          AND created_at >= timezone('UTC', CAST(CAST(:first AS date) AS timestamp))
          AND created_at < timezone('UTC', CAST(CAST(:last AS date) + 1 AS timestamp))
    )
    SELECT day, coalesce(total, 0), orders, coalesce(copies, 0)
    FROM (SELECT day, count(*) AS orders FROM sold GROUP BY day) counted
    LEFT JOIN (
        SELECT day, sum(quantity * unit_price) AS total, sum(quantity) AS copies
        FROM sold JOIN order_items ON order_id = sold.id GROUP BY day
    ) summed USING (day)
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
        best = _best_sold(measure, within).limit(limit).subquery()
        query = select(Book.id, Book.title, Book.author, best.c.revenue, best.c.units_sold)
        query = query.join(best, best.c.book_id == Book.id).order_by(best.c[_COLUMNS[measure]].desc(), Book.id)
        return [BookSales(*row) for row in await self._session.execute(query)]

    async def low_stock(self, threshold: int) -> tuple[int, str]:
        """How many books have that stock or less, and they as a JSON array, the least first, then by id."""
        row = (await self._session.execute(_LOW_STOCK, {"threshold": threshold})).one()
        return row[0], row[1]


def _best_sold(measure: Measure, within: Span | None) -> Select[int | None, int, int]:
    """What books that are there sold, the best first: the few that are shown are looked up afterwards."""
    revenue = func.sum(OrderItem.quantity * OrderItem.unit_price).label("revenue")
    query = select(OrderItem.book_id, revenue, func.sum(OrderItem.quantity).label("units_sold"))
    query = query.join(Order, Order.id == OrderItem.order_id).where(Order.status == OrderStatus.CONFIRMED)
    if within is not None:
        query = query.where(Order.created_at >= within.start, Order.created_at < within.end)
    sold = query.where(OrderItem.book_id.is_not(None)).group_by(OrderItem.book_id)
    return sold.order_by(desc(_COLUMNS[measure]), OrderItem.book_id)
