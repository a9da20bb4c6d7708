"""What sold, when, and what is running out."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.reports.repository import ReportRepository
from app.admin.reports.rules import (
    TICK,
    BookSales,
    Measure,
    PeriodName,
    Scarce,
    Span,
    StockPlace,
    change_in_percent,
    day_range,
    every_day,
    period,
)
from app.admin.reports.schemas import (
    DaySalesOut,
    SalesByDay,
    SalesSummary,
    SpanSales,
    TopBook,
    TopBooks,
    span_members,
)


class ReportService:
    """Reports on the transaction of a session; periods are those of the database clock in UTC."""

    def __init__(self, session: AsyncSession) -> None:
        self._reports = ReportRepository(session)

    async def summary(self, name: PeriodName) -> SalesSummary:
        """The sales of the period up to now, compared with the one before, whole and like with like."""
        spans = period(name, await self._reports.now())
        now, before, like = await self._reports.sales(spans)
        return SalesSummary(
            **span_members(spans.now, now),
            period=name,
            delta_percentage=change_in_percent(now.revenue, before.revenue),
            like_for_like_percentage=change_in_percent(now.revenue, like.revenue),
            previous=SpanSales(**span_members(spans.before, before)),
            previous_like=SpanSales(**span_members(spans.like, like)),
        )

    async def by_day(self, first: date | None, last: date | None) -> SalesByDay:
        """A row for each day from `first` to `last`, which default to the thirty days up to today.

        Raises:
            ValueError: they are in the wrong order, or more than a year apart; the sentence is about `first`.
        """
        first, last = day_range((await self._reports.now()).date(), first, last)
        sold = await self._reports.sales_by_day(first, last)
        items = [DaySalesOut.of(sales) for sales in every_day(first, last, sold)]
        return SalesByDay(date_from=first, date_to=last, items=items)

    async def last_days(self, count: int) -> SalesByDay:
        """A row for each of the last days, today included."""
        today = (await self._reports.now()).date()
        return await self.by_day(today - timedelta(days=count - 1), today)

    async def best_since(self, first: date, measure: Measure, limit: int) -> TopBooks:
        """The books that sold best from the beginning of that day until now."""
        start = datetime.combine(first, time(), UTC)
        return _top(
            measure, await self._reports.top_books(measure, limit, Span(start, await self._reports.now() + TICK))
        )

    async def top_books(self, measure: Measure, limit: int, name: PeriodName | None) -> TopBooks:
        """The books that sold best in the period up to now, or ever."""
        within = period(name, await self._reports.now()).now if name else None
        books = await self._reports.top_books(measure, limit, within)
        return _top(measure, books)

    async def low_stock(self, threshold: int, most: int, after: StockPlace) -> tuple[str, Scarce]:
        """Books with that stock or less, from behind that place on: the JSON of a `LowStock`, and what is in it."""
        scarce = await self._reports.low_stock(threshold, most, after)
        return f'{{"threshold":{threshold},"total_low_stock":{scarce.total},"items":{scarce.items}}}', scarce


def _top(measure: Measure, books: list[BookSales]) -> TopBooks:
    return TopBooks(sort_by=measure, items=[TopBook.of(book) for book in books])
