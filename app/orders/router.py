"""POST /orders/checkout, and the orders it leaves."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from app.accounts.deps import AdminUser, CurrentUser
from app.core.db.route import Session, TransactionRoute, only_reads
from app.core.deps import LIST_HEADERS, CursorsDep, CursorText, Limit
from app.core.middleware import storable_text
from app.core.openapi import problems
from app.core.paging import next_link
from app.core.problems import MEDIA_TYPE as PROBLEM_DOCUMENT
from app.core.values import Id
from app.orders.checkout import check_out
from app.orders.deps import Buyer, Filter, KeyHeader, Orders
from app.orders.quotes import QuoteOut
from app.orders.schemas import AdminOrderOut, CheckoutRequest, OrderOut

router = APIRouter(tags=["orders"], route_class=TransactionRoute)

DELIVERY_PROBLEMS = (
    "ADDRESS_INVALID",
    "ADDRESS_MISSING",
    "DELIVERY_METHOD_NOT_FOUND",
    "DELIVERY_NOT_THERE",
    "TAX_RATE_MISSING",
)
OrderToken = Annotated[
    str, Header(alias="X-Order-Token", pattern="^[A-Za-z0-9_-]{43}$", description="From `access_token` of the order")
]
REPLAYED = {"Idempotent-Replayed": "true"}


@router.post(
    "/orders/checkout",
    status_code=201,
    response_model=OrderOut,
    summary="Check out",
    responses=problems(
        "ORDER_CART_EMPTY",
        "ORDER_EMAIL_MISSING",
        "ORDER_NAME_MISSING",
        "CART_TOKEN_UNKNOWN",
        "ORDER_TOO_LARGE",
        "ORDER_ITEMS_UNAVAILABLE",
        "ORDER_INSUFFICIENT_STOCK",
        "ORDER_PRICE_NOT_IN_CURRENCY",
        *DELIVERY_PROBLEMS,
        "ORDER_TOTAL_CHANGED",
        "ORDER_TOO_MANY_DECLINES",
        "ORDER_PAYMENT_FAILED",
        "IDEMPOTENCY_KEY_REUSED",
        "IDEMPOTENCY_IN_PROGRESS",
        "IDEMPOTENCY_KEYS_EXHAUSTED",
    )
    | {201: {"headers": {"Idempotent-Replayed": {"schema": {"type": "string", "const": "true"}}}}},
)
async def checkout(
    body: CheckoutRequest,
    buyer: Buyer,
    orders: Orders,
    session: Session,
    key: KeyHeader = None,
) -> Response:
    """Turn the cart into a paid order, in one transaction. Under an `Idempotency-Key` a retry is answered alike."""
    outcome = await check_out(session, orders, buyer, body, key)
    media_type = "application/json" if outcome.confirmed else PROBLEM_DOCUMENT
    return Response(outcome.body, outcome.status, REPLAYED if outcome.replayed else None, media_type)


@router.post(
    "/orders/quote",
    summary="Quote a checkout",
    responses=problems("ORDER_CART_EMPTY", "CART_TOKEN_UNKNOWN", "ORDER_PRICE_NOT_IN_CURRENCY", *DELIVERY_PROBLEMS),
)
async def quote(body: CheckoutRequest, buyer: Buyer, orders: Orders) -> QuoteOut:
    """What the same body would come to at checkout now. Nothing is kept, and no copy is reserved."""
    wanted = body.checked()
    return QuoteOut.of(await orders.quote(buyer, wanted.method_id, wanted.place), wanted.ship_to)


@router.get(
    "/orders/by-token",
    summary="Show a guest's order",
    responses=problems("ORDER_NOT_FOUND"),
    dependencies=[Depends(storable_text)],
)
async def show_guest_order(token: OrderToken, orders: Orders) -> OrderOut:
    """The order of a guest, for whoever has its token, which the answer of the checkout tells and its mail."""
    return OrderOut.of(await orders.of_guest(token))


@router.get("/orders", summary="List own orders", responses={200: {"headers": LIST_HEADERS}})
@only_reads
async def list_orders(
    user: CurrentUser,
    orders: Orders,
    response: Response,
    cursors: CursorsDep,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> list[OrderOut]:
    """The caller's orders, newest first."""
    scope = f"orders of {user.id}"
    page = await orders.of_user(user.id, limit, cursors.position(scope, cursor))
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        last = page.entries[-1]
        following = cursors.behind_row(scope, last.created_at, last.id)
        response.headers["Link"] = next_link("/orders", limit=limit, cursor=following)
    return [OrderOut.of(order) for order in page.entries]


@router.get("/orders/{order_id}", summary="Show an own order", responses=problems("ORDER_NOT_FOUND"))
@only_reads
async def show_order(order_id: Id, user: CurrentUser, orders: Orders) -> OrderOut:
    """An order of the caller with its history; for administrators too, only their own."""
    return OrderOut.of(await orders.get_own(order_id, user.id))


@router.get("/admin/orders", tags=["staff"], summary="List all orders", responses={200: {"headers": LIST_HEADERS}})
async def list_all_orders(
    _: AdminUser,
    orders: Orders,
    response: Response,
    wanted: Filter,
    cursors: CursorsDep,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> list[AdminOrderOut]:
    """All users' orders, newest first."""
    filters = {name: _text(value) for name, value in asdict(wanted).items()}
    scope = f"all orders {sorted(filters.items())}"
    page = await orders.of_all(wanted, limit, cursors.position(scope, cursor))
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        last = page.entries[-1][0]
        following = cursors.behind_row(scope, last.created_at, last.id)
        response.headers["Link"] = next_link("/admin/orders", limit=limit, cursor=following, **filters)
    return [AdminOrderOut.of_user(order, email) for order, email in page.entries]


@router.get(
    "/admin/orders/{order_id}", tags=["staff"], summary="Show any order", responses=problems("ORDER_NOT_FOUND")
)
async def show_any_order(order_id: Id, _: AdminUser, orders: Orders) -> AdminOrderOut:
    """Anyone's order with its history."""
    order, email = await orders.get_any(order_id)
    return AdminOrderOut.of_user(order, email)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)
