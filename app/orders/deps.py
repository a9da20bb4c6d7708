"""What the order operations are given."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request

from app.accounts.deps import Credentials, current_user
from app.cart.deps import Carts, TokenHeader
from app.core.db.route import Session, get_session
from app.core.db.transaction import DATABASE
from app.core.middleware import storable_text
from app.core.parts import SETTINGS
from app.core.values import Id, Moment
from app.mail.deps import OUTBOX, OutboxDep
from app.orders.bounds import CheckoutBounds
from app.orders.cancellation import CancellationService
from app.orders.models import OrderStatus
from app.orders.placed import AnyBuyer, Guest
from app.orders.rules import order_number
from app.orders.schemas import OrderFilter
from app.orders.service import OrderService
from app.payments.attempts import PaymentAttempts
from app.payments.deps import PAYMENTS
from app.shop.service import SHOP


async def get_service(request: Request) -> OrderService:
    """Orders on the session of this request."""
    session, settings = await get_session(request), SETTINGS.of(request)
    payments = PaymentAttempts(session, DATABASE.of(request), PAYMENTS.of(request))
    return OrderService(session, payments, OUTBOX.of(request), SHOP.of(request), CheckoutBounds.of(settings))


async def get_filter(
    status: Annotated[OrderStatus | None, Query()] = None,
    user_id: Annotated[Id | None, Query()] = None,
    email: Annotated[str | None, Query(max_length=255, description="The buyer's whole address, in any case")] = None,
    created_from: Annotated[Moment | None, Query(description="Inclusive; ISO 8601, UTC without offset")] = None,
    created_to: Annotated[Moment | None, Query(description="Exclusive; ISO 8601, UTC without offset")] = None,
    number: Annotated[str | None, Query(max_length=20, description="In any case, with or without the dash")] = None,
) -> OrderFilter:
    """The filters of the staff's order list."""
    wanted = None if number is None else order_number(number) or number
    return OrderFilter(user_id, status, created_from, created_to, email, wanted)


async def get_buyer(request: Request, credentials: Credentials, carts: Carts, token: TokenHeader) -> AnyBuyer:
    """The account that calls, else the guest with the cart token: where both are given, the account wins."""
    if credentials is None and token is not None:
        await storable_text(request)
        return Guest(await carts.guest(token))
    return await current_user(request, credentials)


Buyer = Annotated[AnyBuyer, Depends(get_buyer)]
Orders = Annotated[OrderService, Depends(get_service)]


async def get_cancellations(session: Session, orders: Orders, outbox: OutboxDep) -> CancellationService:
    """Cancellations on the session of this request."""
    return CancellationService(session, orders, outbox)


Cancellations = Annotated[CancellationService, Depends(get_cancellations)]
Filter = Annotated[OrderFilter, Depends(get_filter)]
KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="The first completed answer under a key is replayed for 24 hours.",
    ),
]
