"""The basket as a dependency, whose it is, and how many baskets a client may open."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from app.accounts.deps import Credentials, current_user
from app.accounts.security.noting import limit_noted
from app.cart.models import CartOwner
from app.cart.service import CartService
from app.core.db.route import get_session
from app.core.deps import Limiter, client_of
from app.core.middleware import storable_text
from app.core.parts import SETTINGS

HOUR = timedelta(hours=1)
_token = APIKeyHeader(
    name="X-Cart-Token",
    scheme_name="CartToken",
    auto_error=False,
    description="The token of a guest's cart, from `POST /cart`.",
)


async def get_carts(request: Request) -> CartService:
    """The basket on the session of this request."""
    return CartService(await get_session(request), SETTINGS.of(request).max_cart_lines)


Carts = Annotated[CartService, Depends(get_carts)]
TokenHeader = Annotated[str | None, Depends(_token)]


async def get_owner(request: Request, credentials: Credentials, carts: Carts, token: TokenHeader) -> CartOwner:
    """The account that calls, else the guest with the cart token: where both are given, the account wins."""
    if credentials is None and token is not None:
        await storable_text(request)
        return await carts.guest(token)
    return CartOwner((await current_user(request, credentials)).id)


Owner = Annotated[CartOwner, Depends(get_owner)]


class GuestCarts:
    """How many baskets one client may open."""

    def __init__(self, limiter: Limiter, request: Request) -> None:
        self._limiter = limiter
        self._client = client_of(request)
        self._per_hour = SETTINGS.of(request).rate_limit_guest_carts_per_hour

    async def count(self) -> None:
        """Count one that is opened. Hold no database connection.

        Raises:
            RateLimited: there were too many within the hour.
        """
        with limit_noted("cart"):
            await self._limiter.count(*self._client.quotas("guest cart", self._per_hour, HOUR))


async def get_guest_carts(request: Request, limiter: Limiter) -> GuestCarts:
    """For the client of this request."""
    return GuestCarts(limiter, request)


Opening = Annotated[GuestCarts, Depends(get_guest_carts)]
