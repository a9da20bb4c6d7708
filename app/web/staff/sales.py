"""Sales: a chart by day, and the books that sold best in those days."""

from dataclasses import dataclass
from typing import ClassVar, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from app.admin.deps import Reports
from app.admin.reports.rules import Measure
from app.admin.reports.schemas import DaySalesOut, TopBook
from app.web.access import Staff
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
SPANS = {7: "7 days", 30: "30 days", 90: "90 days", 365: "A year"}
USUAL = 30
MEASURES: dict[Measure, str] = {"revenue": "By revenue", "volume": "By copies"}
BEST = 20


@dataclass(frozen=True, slots=True)
class SalesPage(PageContext):
    """The days up to today, the oldest first."""

    template: ClassVar[str] = "staff/sales.html"
    span: int
    measure: Measure
    days: list[DaySalesOut]
    best: list[TopBook]

    @property
    def spans(self) -> dict[int, str]:
        return SPANS

    @property
    def measures(self) -> dict[Measure, str]:
        return MEASURES

    @property
    def revenue(self) -> float:
        return round(sum(day.revenue for day in self.days), 2)

    @property
    def orders(self) -> int:
        return sum(day.order_count for day in self.days)

    @property
    def copies(self) -> int:
        return sum(day.units_sold for day in self.days)

    def link(self, span: int, measure: Measure) -> str:
        """The address of another view of the sales."""
        return f"/staff/sales?{urlencode({'days': span, 'by': measure})}"


@router.get("/staff/sales")
async def sales(request: Request, reports: Reports, _: Staff) -> Response:
    """The sales of the last days."""
    asked = request.query_params
    span = next((days for days in SPANS if str(days) == asked.get("days")), USUAL)
    measure: Measure = next((name for name in get_args(Measure) if name == asked.get("by")), "revenue")
    days = await reports.last_days(span)
    best = await reports.best_since(days.date_from, measure, BEST)
    return render(request, SalesPage(span, measure, days.items, best.items))
