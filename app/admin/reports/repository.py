"""The SQL of the reports. Only confirmed orders count."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, desc, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.reports.rules import BookSales, DaySales, Measure, Period, Sales, Scarce, Span, StockPlace
from app.catalog.models import Book
from app.orders.models import Order, OrderItem, OrderStatus

_COLUMNS: Mapping[Measure, str] = {"revenue": "revenue", "volume": "units_sold"}
# Whole hours are added up already; only within the hours that end in the middle are orders looked at. The moments
# where the periods begin are full hours.
_SALES = text("""
    WITH sold AS (
        SELECT hour AS moment, orders, revenue FROM sales_counters
        WHERE hour >= :before_start AND hour < date_trunc('hour', CAST(:end AS timestamptz), 'UTC')
          AND hour <> date_trunc('hour', CAST(:like_end AS timestamptz), 'UTC')
        UNION ALL
        SELECT created_at, 1, items_total FROM orders
        WHERE status = 'confirmed' AND created_at >= :before_start AND created_at < :end
          AND (created_at >= date_trunc('hour', CAST(:end AS timestamptz), 'UTC')
               OR created_at >= date_trunc('hour', CAST(:like_end AS timestamptz), 'UTC')
                  AND created_at < date_trunc('hour', CAST(:like_end AS timestamptz), 'UTC') + interval '1 hour')
    )
    SELECT coalesce(sum(revenue) FILTER (WHERE moment >= :start), 0),
           coalesce(sum(orders) FILTER (WHERE moment >= :start), 0),
           coalesce(sum(revenue) FILTER (WHERE moment < :start), 0),
           coalesce(sum(orders) FILTER (WHERE moment < :start), 0),
           coalesce(sum(revenue) FILTER (WHERE moment < :like_end), 0),
           coalesce(sum(orders) FILTER (WHERE moment < :like_end), 0)
    FROM sold
""")
_BY_DAY = text("""
    SELECT CAST(timezone('UTC', hour) AS date) AS day, sum(revenue), sum(orders), CAST(sum(copies) AS bigint)
    FROM sales_counters
    WHERE hour >= timezone('UTC', CAST(CAST(:first AS date) AS timestamp))
      AND hour < timezone('UTC', CAST(CAST(:last AS date) + 1 AS timestamp))
    GROUP BY day HAVING sum(orders) > 0
""")
# A page may have ten thousand books, so the database writes its JSON: they would hold the event loop up.
_LOW_STOCK = text("""
    WITH page AS (
        SELECT id AS book_id, title, author, stock_quantity AS current_stock, CAST(:threshold AS integer) AS threshold
        FROM books
        WHERE stock_quantity <= CAST(:threshold AS integer)
          AND (stock_quantity, id) > (CAST(:after_stock AS integer), CAST(:after_id AS integer))
        ORDER BY stock_quantity, id LIMIT :most
    ), last AS (
        SELECT current_stock, book_id FROM page OFFSET greatest((SELECT count(*) FROM page) - 1, 0)
    )
    SELECT (SELECT count(*) FROM books WHERE stock_quantity <= CAST(:threshold AS integer)),
           (SELECT CAST(coalesce(json_agg(page), '[]') AS text) FROM page),
           last.current_stock, last.book_id
    FROM (SELECT) AS always
    LEFT JOIN last ON EXISTS (
        SELECT FROM books
        WHERE stock_quantity <= CAST(:threshold AS integer) AND (stock_quantity, id) > (current_stock, book_id)
    )
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

    async def low_stock(self, threshold: int, most: int, after: StockPlace) -> Scarce:
        """Some of the books with that stock or less, the least first, then by id, from behind that place on."""
        values = {"threshold": threshold, "most": most, "after_stock": after.stock, "after_id": after.book_id}
        total, items, stock, book_id = (await self._session.execute(_LOW_STOCK, values)).one()
        return Scarce(total, items, None if book_id is None else StockPlace(stock, book_id))


def _best_sold(measure: Measure, within: Span | None) -> Select[int | None, Decimal, int]:
    """What books that are there sold, the best first: the few that are shown are looked up afterwards."""
    revenue = func.sum(OrderItem.line_total).label("revenue")
    query = select(OrderItem.book_id, revenue, func.sum(OrderItem.quantity).label("units_sold"))
    query = query.join(Order, Order.id == OrderItem.order_id).where(Order.status == OrderStatus.CONFIRMED)
    if within is not None:
        query = query.where(Order.created_at >= within.start, Order.created_at < within.end)
    sold = query.where(OrderItem.book_id.is_not(None)).group_by(OrderItem.book_id)
    return sold.order_by(desc(_COLUMNS[measure]), OrderItem.book_id)
