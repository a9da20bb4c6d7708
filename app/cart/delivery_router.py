"""GET /delivery/options: what can be done with the caller's cart."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.deps import Credentials, NoStoreRoute
from app.cart.deps import Carts, TokenHeader, get_owner
from app.cart.models import CartOwner
from app.core.db.driver import driver
from app.core.db.route import Session, only_reads
from app.core.middleware import storable_text
from app.core.money import items_total, line_total
from app.core.openapi import problems
from app.core.values import SingleLine
from app.delivery.deps import Delivery
from app.delivery.rules import Goods, Place, parcel_grams
from app.delivery.schemas import DeliveryOptions

router = APIRouter(prefix="/delivery", tags=["delivery"], route_class=NoStoreRoute)
_GOODS = """
    SELECT b.price, i.quantity, b.weight_grams, b.tax_category
    FROM carts c JOIN cart_items i ON i.cart_id = c.id JOIN books b ON b.id = i.book_id
    WHERE c.user_id = $1 OR c.token_digest = $2
"""
Country = Annotated[
    str | None, Query(pattern="^[A-Za-z]{2}$", description="ISO 3166-1, two letters", examples=["DE"])
]
Region = Annotated[str | None, Query(max_length=100, description="State or province"), SingleLine]
PostalCode = Annotated[str | None, Query(max_length=20), SingleLine]


async def goods_of(session: AsyncSession, owner: CartOwner) -> Goods:
    """What lies in the cart, at the prices of the moment."""
    lines = await (await driver(session)).fetch(_GOODS, owner.user_id, owner.token_digest)
    return Goods(
        items_total(line_total(line["price"], line["quantity"]) for line in lines),
        parcel_grams((line["weight_grams"], line["quantity"]) for line in lines),
        frozenset(line["tax_category"] for line in lines),
    )


@router.get(
    "/options",
    summary="List ways of delivery",
    responses=problems("AUTH_TOKEN_INVALID", "AUTH_ACCOUNT_DEACTIVATED", "CART_TOKEN_UNKNOWN"),
    dependencies=[Depends(storable_text)],
    openapi_extra={"security": [{}]},  # besides the two tokens: none is needed
)
@only_reads
async def list_delivery_options(
    request: Request,
    session: Session,
    delivery: Delivery,
    credentials: Credentials,
    carts: Carts,
    token: TokenHeader,
    country: Country = None,
    region: Region = None,
    postal_code: PostalCode = None,
) -> DeliveryOptions:
    """Every way to collect, and those that ship to the place. With a token of either kind, priced for that cart."""
    known = credentials is not None or token is not None
    goods = await goods_of(session, await get_owner(request, credentials, carts, token)) if known else Goods()
    return DeliveryOptions(items=await delivery.options(Place(country, region, postal_code), goods))
