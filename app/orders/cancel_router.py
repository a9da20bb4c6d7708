"""Cancelling orders, by staff and within a window by the buyer."""

from datetime import timedelta

from fastapi import APIRouter, Request

from app.accounts.deps import AdminUser, CurrentUser
from app.core.db.route import TransactionRoute
from app.core.openapi import problems
from app.core.parts import SETTINGS
from app.core.values import Id
from app.orders.deps import Cancellations, Orders
from app.orders.errors import RestockOutOfRange
from app.orders.schemas import AdminOrderOut, CancelRequest, OrderOut

router = APIRouter(tags=["orders"], route_class=TransactionRoute)
REFUSALS = ("ORDER_NOT_FOUND", "ORDER_NOT_CANCELLABLE", RestockOutOfRange)


@router.post(
    "/orders/{order_id}/cancel", summary="Cancel an own order", responses=problems(*REFUSALS, "ORDER_CANCEL_TOO_LATE")
)
async def cancel_order(
    order_id: Id, buyer: CurrentUser, request: Request, cancellations: Cancellations, orders: Orders
) -> OrderOut:
    """Within `ORDER_CANCEL_WINDOW_MINUTES` of the purchase. It happens once, however often it is asked."""
    window = timedelta(minutes=SETTINGS.of(request).order_cancel_window_minutes)
    await cancellations.cancel(order_id, buyer, within=window)
    return OrderOut.of(await orders.get_own(order_id, buyer.id))


@router.post(
    "/admin/orders/{order_id}/cancel", tags=["staff"], summary="Cancel any order", responses=problems(*REFUSALS)
)
async def cancel_any_order(
    order_id: Id, body: CancelRequest, admin: AdminUser, cancellations: Cancellations, orders: Orders
) -> AdminOrderOut:
    """At any time, with a reason. Copies and money go back once, however often it is asked."""
    await cancellations.cancel(order_id, admin, reason=body.reason)
    order, email = await orders.get_any(order_id)
    return AdminOrderOut.of_user(order, email)
