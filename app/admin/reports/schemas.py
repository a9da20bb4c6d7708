"""Reports on the wire. Amounts are JSON numbers in major units of the shop's currency, rounded to two places."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.admin.reports.rules import BookSales, DaySales, Measure, PeriodName, Sales, Span, average, figure
from app.core.values import TimestampOut

Amount = Annotated[float, Field(ge=0, examples=[131.8])]
Number = Annotated[int, Field(ge=0)]


class SpanSales(BaseModel):
    """What was sold from `start` on, before `end`."""

    start: TimestampOut
    end: TimestampOut
    revenue: Amount
    order_count: Number
    aov: Amount = Field(description="Average order value; 0 without orders")


class SalesSummary(SpanSales):
    """The sales of a period up to now, beside those of the one before."""

    period: PeriodName
    delta_percentage: float | None = Field(
        examples=[12.5], description="Revenue against the whole period before; null where that sold nothing"
    )
    like_for_like_percentage: float | None = Field(
        examples=[4.2], description="Revenue against the same part of the period before; null where that sold nothing"
    )
    previous: SpanSales = Field(description="The whole period before")
    previous_like: SpanSales = Field(description="As much of the period before as has passed of this one")


class TopBook(BaseModel):
    """A book and what it sold."""

    book_id: int
    title: str
    author: str
    total_revenue: Amount
    units_sold: Number

    @classmethod
    def of(cls, book: BookSales) -> Self:
        return cls(
            book_id=book.book_id,
            title=book.title,
            author=book.author,
            total_revenue=figure(book.revenue),
            units_sold=book.units_sold,
        )


class TopBooks(BaseModel):
    """The books that sold best, by the chosen measure."""

    sort_by: Measure
    items: list[TopBook]


class DaySalesOut(BaseModel):
    """What was sold on a day in UTC."""

    date: date
    revenue: Amount
    order_count: Number
    units_sold: Number

    @classmethod
    def of(cls, sales: DaySales) -> Self:
        return cls(
            date=sales.day,
            revenue=figure(sales.revenue),
            order_count=sales.order_count,
            units_sold=sales.units_sold,
        )


class SalesByDay(BaseModel):
    """Sales day by day, the oldest first; days without sales are there as well."""

    date_from: date
    date_to: date
    items: list[DaySalesOut]


class LowStockItem(BaseModel):
    """A book that is running out."""

    book_id: int
    title: str
    author: str
    current_stock: Number
    threshold: Number


class LowStock(BaseModel):
    """The books with that stock or less, the least first."""

    threshold: Number
    total_low_stock: Number
    items: list[LowStockItem]


def span_members(span: Span, sales: Sales) -> dict[str, Any]:
    """The members that tell of some sales."""
    return {
        "start": span.start,
        "end": span.end,
        "revenue": figure(sales.revenue),
        "order_count": sales.order_count,
        "aov": figure(average(sales)),
    }
