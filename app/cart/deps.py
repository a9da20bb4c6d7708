"""The basket as a dependency."""

from typing import Annotated

from fastapi import Depends, Request

from app.cart.service import CartService
from app.core.db.route import get_session
from app.core.parts import SETTINGS


async def get_carts(request: Request) -> CartService:
    """The basket on the session of this request."""
    return CartService(await get_session(request), SETTINGS.of(request).max_cart_lines)


Carts = Annotated[CartService, Depends(get_carts)]
