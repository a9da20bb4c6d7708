"""Who buys, and how an order gets to them, as an order keeps it."""

import secrets

from app.delivery.rules import Kind
from app.delivery.schemas import Chosen
from app.orders.errors import EmailMissing, NameMissing
from app.orders.placed import AnyBuyer, Guest, Terms
from app.orders.schemas import CheckoutRequest

TOKEN_BYTES = 32
"""Of the token that opens a guest's order."""


def require_contact(buyer: AnyBuyer, request: CheckoutRequest) -> None:
    """A guest says where mails go, and who buys. Raises EmailMissing and NameMissing."""
    if isinstance(buyer, Guest):
        if request.email is None:
            raise EmailMissing
        if not (request.name or (request.ship_to and request.ship_to.name)):
            raise NameMissing


def terms_of(request: CheckoutRequest, buyer: AnyBuyer, chosen: Chosen) -> Terms:
    """What the order says of its buyer and its delivery."""
    return Terms(
        email=request.email or buyer.email,
        name=request.name or (request.ship_to and request.ship_to.name) or buyer.display_name,
        delivery_kind=chosen.kind,
        delivery_method_id=chosen.method_id,
        delivery_name=chosen.name,
        collect_at=chosen.location,
        ship_to=request.ship_to.given() if request.ship_to and chosen.kind is Kind.SHIP else None,
        bill_to=request.bill_to.given() if request.bill_to else None,
        access_token=secrets.token_urlsafe(TOKEN_BYTES) if isinstance(buyer, Guest) else None,
    )
