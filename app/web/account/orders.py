"""The orders of the reader: list, one with its history, its receipt, and cancelling it in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request, Response

from app.core.deps import CursorsDep
from app.core.parts import SETTINGS
from app.core.values import Id
from app.orders.deps import Cancellations, Orders
from app.orders.errors import CancelTooLate, NotCancellable, RestockOutOfRange
from app.orders.models import Order
from app.web.access import Reader
from app.web.errors import Answered
from app.web.page import PageContext, render
from app.web.paging import page_begins
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
ORDERS, PER_PAGE = "/account/orders", 10


@dataclass(frozen=True, slots=True)
class OrdersPage(PageContext):
    """Some of `total` orders, the newest first; `following` leads to those after them."""

    template: ClassVar[str] = "account/orders.html"
    orders: list[Order]
    total: int
    following: str | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class OrderPage(PageContext):
    """An order; `cancel_until` while its buyer may cancel it."""

    template: ClassVar[str] = "account/order.html"
    order: Order
    cancel_until: datetime | None


@dataclass(frozen=True, slots=True)
class CancelPage(PageContext):
    """The question whether an order is to be cancelled."""

    template: ClassVar[str] = "account/cancel.html"
    order: Order


@dataclass(frozen=True, slots=True)
class ReceiptPage(PageContext):
    """An order on paper."""

    template: ClassVar[str] = "account/receipt.html"
    order: Order


async def get_window(request: Request) -> timedelta:
    """For how long buyers may cancel."""
    return timedelta(minutes=SETTINGS.of(request).order_cancel_window_minutes)


Window = Annotated[timedelta, Depends(get_window)]


@router.get(ORDERS)
async def show_orders(request: Request, reader: Reader, orders: Orders, cursors: CursorsDep) -> Response:
    """A page of the list."""
    scope = f"orders of {reader.id}"
    after = page_begins(request, cursors, scope, ORDERS)
    page = await orders.of_user(reader.id, PER_PAGE, after)
    following = None
    if page.more:
        last = page.entries[-1]
        following = f"{ORDERS}?cursor={cursors.behind_row(scope, last.created_at, last.id)}"
    return render(request, OrdersPage(page.entries, page.total, following, after is None))


@router.get("/account/orders/{order_id}")
async def show_order(request: Request, order_id: Id, reader: Reader, orders: Orders, window: Window) -> Response:
    """One order with its history."""
    order = await orders.get_own(order_id, reader.id)
    until = order.created_at + window if await orders.can_cancel(order, window) else None
    return render(request, OrderPage(order, until))


@router.get("/account/orders/{order_id}/receipt")
async def show_receipt(request: Request, order_id: Id, reader: Reader, orders: Orders) -> Response:
    """The receipt, to print."""
    return render(request, ReceiptPage(await orders.get_own(order_id, reader.id)))


@router.get("/account/orders/{order_id}/cancel")
async def ask_to_cancel(request: Request, order_id: Id, reader: Reader, orders: Orders, window: Window) -> Response:
    """The question; where it is too late to ask, the order."""
    order = await orders.get_own(order_id, reader.id)
    if not await orders.can_cancel(order, window):
        return see_other(f"{ORDERS}/{order_id}")
    return render(request, CancelPage(order))


@router.post("/account/orders/{order_id}/cancel")
async def cancel(
    order_id: Id, visitor: AnyVisitor, reader: Reader, cancellations: Cancellations, window: Window
) -> Response:
    """Cancel it, once however often it is asked."""
    path = f"{ORDERS}/{order_id}"
    try:
        await cancellations.cancel(order_id, reader, within=window)
    except (NotCancellable, CancelTooLate, RestockOutOfRange) as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(path)) from error
    visitor.flash("Your order is cancelled, and the money is on its way back.")
    return see_other(path)
