"""Periods and figures of the reports, on plain values. Moments are in UTC, amounts in major units of the currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Literal

PeriodName = Literal["today", "week", "month"]
Measure = Literal["revenue", "volume"]

CENT = Decimal("0.01")
TICK = timedelta(microseconds=1)
MAX_DAYS = 366
USUAL_DAYS = 30
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` on, up to but not including `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """A period up to now, the whole one before it, and as much of that one as has passed of this."""

    now: Span
    before: Span
    like: Span


@dataclass(frozen=True, slots=True)
class Sales:
    """What was sold in some span: the value of all copies, and the number of orders."""

    revenue: Decimal
    order_count: int


@dataclass(frozen=True, slots=True)
class DaySales:
    """What was sold on a day in UTC."""

    day: date
    revenue: Decimal
    order_count: int
    units_sold: int


@dataclass(frozen=True, slots=True)
class StockPlace:
    """A place in a list of books, the least stock first, then by id."""

    stock: int = -1
    book_id: int = 0


@dataclass(frozen=True, slots=True)
class Scarce:
    """Some of `total` books, as a JSON array; `last` is the place of the last one where others follow."""

    total: int
    items: str
    last: StockPlace | None


@dataclass(frozen=True, slots=True)
class BookSales:
    """What a book sold."""

    book_id: int
    title: str
    author: str
    revenue: Decimal
    units_sold: int


def period(name: PeriodName, now: datetime) -> Period:
    """The day, the ISO week or the month that `now` lies in.

    A month may have had fewer days: then the like span is all of it.
    """
    start = _start(name, now)
    before = _start(name, start - TICK)
    end = now + TICK
    return Period(Span(start, end), Span(before, start), Span(before, min(before + (end - start), start)))


def _start(name: PeriodName, moment: datetime) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if name == "today":
        return midnight
    if name == "week":
        return midnight - timedelta(days=midnight.weekday())
    return midnight.replace(day=1)


def average(sales: Sales) -> Decimal:
    """Revenue per order; 0 without orders."""
    return _EXACT.divide(sales.revenue, sales.order_count) if sales.order_count else Decimal(0)


def change_in_percent(now: Decimal, before: Decimal) -> float | None:
    """By how much `now` is above `before`; None where there is nothing to compare with."""
    return figure(_EXACT.divide(_EXACT.multiply(now - before, Decimal(100)), before)) if before else None


def figure(amount: Decimal) -> float:
    """The JSON number for an amount: rounded half-even to two places, and never a negative zero."""
    return float(_EXACT.quantize(amount, CENT)) + 0.0


def day_range(today: date, first: date | None, last: date | None) -> tuple[date, date]:
    """The days of a chart, both inclusive: as asked, or the thirty up to `last`, or up to today.

    Raises:
        ValueError: they are in the wrong order, or too many.
    """
    last = last or today
    first = first or date.fromordinal(max(last.toordinal() - USUAL_DAYS + 1, 1))
    if first > last:
        raise ValueError("must not be after date_to, which is today where it is left out")
    if (last - first).days >= MAX_DAYS:
        raise ValueError(f"must lie within {MAX_DAYS} days of date_to, that day included")
    return first, last


def every_day(first: date, last: date, sold: Iterable[DaySales]) -> list[DaySales]:
    """A row for each day, also where nothing was sold."""
    known: Mapping[date, DaySales] = {sales.day: sales for sales in sold}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [known.get(day) or DaySales(day, Decimal(0), 0, 0) for day in days]
