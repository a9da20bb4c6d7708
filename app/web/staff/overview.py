"""The overview: how the shop does, and what waits for somebody."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.admin.deps import Reports
from app.admin.reports.rules import PeriodName, change_in_percent
from app.admin.reports.schemas import DaySalesOut, SalesSummary, TopBook
from app.audit.deps import Trail
from app.audit.models import AuditEvent
from app.audit.schemas import AuditFilter
from app.audit.service import AuditTrail, record
from app.catalog.deps import Stock
from app.catalog.models import Book
from app.core.db.route import Session
from app.core.db.transaction import release
from app.mail.deps import Mails
from app.verify.schemas import Verification
from app.verify.service import verify
from app.web.access import Staff
from app.web.page import PageContext, render, shop_of
from app.web.route import PrivatePageRoute

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
PERIODS: dict[PeriodName, tuple[str, str]] = {
    "today": ("Today", "against yesterday at this time"),
    "week": ("This week", "against last week up to now"),
    "month": ("This month", "against last month up to now"),
}
SPARK_DAYS, SHOWN = 30, 5
VERIFIED = "shop.verified"


@dataclass(frozen=True, slots=True)
class Check:
    """What came of the last check of the shop's laws."""

    checked_at: datetime
    broken: int

    @classmethod
    def of(cls, event: AuditEvent) -> "Check":
        """As the audit trail tells it."""
        return cls(event.created_at, len((event.after or {})["broken"]))


@dataclass(frozen=True, slots=True)
class StaffOverviewPage(PageContext):
    """The figures of a period beside the like part of the one before."""

    template: ClassVar[str] = "staff/overview.html"
    sales: SalesSummary
    days: list[DaySalesOut]
    scarce_count: int
    scarce: list[Book]
    best: list[TopBook]
    dead_mails: int
    check: Check | None

    @property
    def periods(self) -> dict[PeriodName, tuple[str, str]]:
        return PERIODS

    @property
    def figures(self) -> list[tuple[str, float, float | None, bool]]:
        """Label, value, change in percent, and whether it is money."""
        now, like = self.sales, self.sales.previous_like
        return [
            ("Revenue", now.revenue, now.like_for_like_percentage, True),
            ("Orders", now.order_count, _change(now.order_count, like.order_count), False),
            ("Average order", now.aov, _change(now.aov, like.aov), True),
        ]


@dataclass(frozen=True, slots=True)
class StaffVerifyPage(PageContext):
    """The laws of the shop; `verification` when they were just checked."""

    template: ClassVar[str] = "staff/verify.html"
    check: Check | None
    verification: Verification | None


@router.get("/staff")
async def overview(
    request: Request, _: Staff, reports: Reports, stock: Stock, mails: Mails, trail: Trail
) -> Response:
    """What happened lately."""
    asked = request.query_params.get("period")
    period: PeriodName = next((name for name in PERIODS if name == asked), "today")
    scarce_count, scarce = await stock.scarce(shop_of(request).selling.low_stock_threshold, 0, SHOWN)
    dead_mails, _mails = await mails.page("dead", 0, 1)
    page = StaffOverviewPage(
        sales=await reports.summary(period),
        days=(await reports.last_days(SPARK_DAYS)).items,
        scarce_count=scarce_count,
        scarce=scarce,
        best=(await reports.top_books("revenue", SHOWN, period)).items,
        dead_mails=dead_mails,
        check=await _last_check(trail),
    )
    return render(request, page)


@router.get("/staff/verify")
async def show_check(request: Request, trail: Trail, _: Staff) -> Response:
    """When the laws were last checked, and the button that does."""
    return render(request, StaffVerifyPage(await _last_check(trail), None))


@router.post("/staff/verify")
async def check(request: Request, session: Session, staff: Staff) -> Response:
    """Check all laws, which reads the whole shop, and note in the audit trail what came of it."""
    await release(session)
    found = await verify(session)
    await release(session)
    broken = {law.name: law.offending_count for law in found.laws if not law.ok}
    await record(session, staff, VERIFIED, after={"broken": broken, "laws": len(found.laws)})
    return render(request, StaffVerifyPage(Check(found.checked_at, len(broken)), found))


async def _last_check(trail: AuditTrail) -> Check | None:
    found = await trail.page(AuditFilter(action=VERIFIED), 1, None)
    return Check.of(found.entries[0]) if found.entries else None


def _change(now: float, before: float) -> float | None:
    return change_in_percent(Decimal(str(now)), Decimal(str(before)))
