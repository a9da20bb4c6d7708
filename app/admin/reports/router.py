"""GET /admin/analytics: sales and inventory for staff."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from app.accounts.deps import AdminUser
from app.admin.deps import Reports
from app.admin.reports.rules import Measure, PeriodName, StockPlace
from app.admin.reports.schemas import LowStock, SalesByDay, SalesSummary, TopBooks
from app.core.db.route import TransactionRoute
from app.core.deps import LIST_HEADERS, CursorsDep, CursorText
from app.core.errors import invalid_input
from app.core.paging import Cursors, damaged_cursor, next_link
from app.core.parts import SETTINGS
from app.core.values import INT_MAX, Id, iso_date

router = APIRouter(prefix="/admin/analytics", tags=["analytics"], route_class=TransactionRoute)

_KEYS = TypeAdapter(tuple[Id, Id])
Day = Annotated[date, BeforeValidator(iso_date, json_schema_input_type=date)]


@router.get("/sales/summary", summary="Sales of a period")
async def sales_summary(
    _: AdminUser,
    reports: Reports,
    period: Annotated[
        PeriodName, Query(description="From 00:00 UTC today, on Monday or on the 1st, until now")
    ] = "today",
) -> SalesSummary:
    """Confirmed orders, against the whole day, ISO week or month before, and against the same part of it."""
    return await reports.summary(period)


@router.get("/sales/by-day", summary="Sales day by day")
async def sales_by_day(
    _: AdminUser,
    reports: Reports,
    date_from: Annotated[Day | None, Query(description="Absent: 29 days before `date_to`")] = None,
    date_to: Annotated[Day | None, Query(description="Inclusive; absent: today")] = None,
) -> SalesByDay:
    """Confirmed orders of each day in UTC; at most 366 days, those without sales included."""
    try:
        return await reports.by_day(date_from, date_to)
    except ValueError as error:
        raise invalid_input("query", "date_from", message=str(error)) from error


@router.get("/sales/top-books", summary="Books that sold best")
async def top_books(
    _: AdminUser,
    reports: Reports,
    sort_by: Annotated[Measure, Query(description="Money or copies")] = "revenue",
    limit: Annotated[int, Query(ge=1, le=50, description="Books at most")] = 10,
    period: Annotated[PeriodName | None, Query(description="As in the summary; absent: all time")] = None,
) -> TopBooks:
    """Confirmed orders; ties by id. Books that were removed are left out."""
    return await reports.top_books(sort_by, limit, period)


@router.get(
    "/inventory/low-stock",
    response_model=LowStock,
    summary="Books that are running out",
    responses={200: {"headers": LIST_HEADERS}},
)
async def low_stock(
    request: Request,
    _: AdminUser,
    reports: Reports,
    cursors: CursorsDep,
    threshold: Annotated[int, Query(ge=0, le=INT_MAX, description="Copies; inclusive")] = 10,
    limit: Annotated[
        int | None, Query(ge=1, le=INT_MAX, description="Books at most; absent: as many as one answer has")
    ] = None,
    cursor: CursorText = None,
) -> Response:
    """The books with that stock or less, the least first, then by id. `total_low_stock` counts all of them."""
    most = SETTINGS.of(request).max_low_stock_rows
    scope = f"stock up to {threshold}"
    content, scarce = await reports.low_stock(threshold, min(limit or most, most), _place(cursors, scope, cursor))
    response = Response(content, media_type="application/json", headers={"X-Total-Count": str(scarce.total)})
    if scarce.last:
        following = cursors.behind(scope, scarce.last.stock, scarce.last.book_id)
        path = "/admin/analytics/inventory/low-stock"
        response.headers["Link"] = next_link(path, threshold=threshold, limit=limit, cursor=following)
    return response


def _place(cursors: Cursors, scope: str, cursor: str | None) -> StockPlace:
    """Behind which book a page begins."""
    if cursor is None:
        return StockPlace()
    try:
        return StockPlace(*_KEYS.validate_python(cursors.keys(scope, cursor)))
    except ValidationError as error:
        raise damaged_cursor() from error
