"""Orders for staff: find one, see its history, cancel it."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.core.deps import CursorsDep
from app.core.errors import DomainError
from app.core.values import Id
from app.orders.deps import Cancellations, Orders
from app.orders.models import Order, OrderStatus
from app.orders.rules import may_become, order_number
from app.orders.schemas import CancelRequest, OrderFilter
from app.orders.service import OrderService
from app.web.access import Staff
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.paging import page_begins
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.query_params import PER_PAGE, address, end_of, number, start_of
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute, prefix="/staff/orders")
FIELDS = ("status", "email", "number", "user", "from", "to")


@dataclass(frozen=True, slots=True)
class StaffOrdersPage(PageContext):
    """A page of all orders with their buyers; `following` leads to the next."""

    template: ClassVar[str] = "staff/orders.html"
    asked: dict[str, str]
    orders: list[tuple[Order, str]]
    total: int
    following: str | None
    statuses: list[str]


@dataclass(frozen=True, slots=True)
class StaffOrderPage(PageContext):
    """An order with all that happened to it."""

    template: ClassVar[str] = "staff/order.html"
    order: Order
    email: str
    form: Form

    @property
    def can_cancel(self) -> bool:
        return may_become(self.order.status, OrderStatus.CANCELLED)


@router.get("")
async def list_orders(request: Request, _: Staff, orders: Orders, cursors: CursorsDep) -> Response:
    """All orders that fit, the newest first."""
    asked = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    wanted = OrderFilter(
        user_id=number(asked["user"]),
        status=OrderStatus(asked["status"]) if asked["status"] in set(OrderStatus) else None,
        created_from=start_of(asked["from"]),
        created_to=end_of(asked["to"]),
        email=asked["email"] or None,
        number=(order_number(asked["number"]) or asked["number"]) or None,
    )
    scope = f"staff orders {sorted(asked.items())}"
    after = page_begins(request, cursors, scope, address("/staff/orders", asked))
    page = await orders.of_all(wanted, PER_PAGE, after)
    following = None
    if page.more:
        last = page.entries[-1][0]
        cursor = cursors.behind_row(scope, last.created_at, last.id)
        following = address("/staff/orders", asked | {"cursor": cursor})
    return render(request, StaffOrdersPage(asked, page.entries, page.total, following, [*OrderStatus]))


@router.get("/{order_id}")
async def show_order(request: Request, order_id: Id, _: Staff, orders: Orders) -> Response:
    """One order."""
    return render(request, await _page(orders, order_id, Form()))


@router.post("/{order_id}/cancel")
async def cancel_order(
    request: Request,
    order_id: Id,
    sent: Sent,
    staff: Staff,
    orders: Orders,
    cancellations: Cancellations,
    visitor: AnyVisitor,
) -> Response:
    """Cancel with a reason: copies and money go back, once, and the buyer is told."""
    wanted = sent.parse(CancelRequest)
    if wanted is None:
        return render(request, await _page(orders, order_id, sent), 422)
    try:
        await cancellations.cancel(order_id, staff, reason=wanted.reason)
    except DomainError as error:
        sent.refuse(error, "")
        raise Answered(render(request, await _page(orders, order_id, sent), 422)) from error
    visitor.flash("The order is cancelled. Copies and money went back, and the buyer was told.")
    return see_other(f"/staff/orders/{order_id}")


async def _page(orders: OrderService, order_id: int, form: Form) -> StaffOrderPage:
    order, email = await orders.get_any(order_id)
    return StaffOrderPage(order, email, form)
