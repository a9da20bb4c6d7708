"""What operations of many slices ask for: the parameters of lists, and whom to count a request for."""

from typing import Annotated

from fastapi import Depends, Query, Request

from app.core.db.transaction import DATABASE
from app.core.paging import CURSORS, MAX_PAGE, Cursors
from app.core.parts import KEYS, SETTINGS
from app.core.rate_limit import LimitedClient, RateLimiter, client_at

PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Page, from 1")]
PageSize = Annotated[int, Query(ge=1, le=100, description="Entries a page")]
Limit = Annotated[int, Query(ge=1, le=100, description="Entries at most")]
OptionalLimit = Annotated[
    int | None,
    Query(ge=1, le=100, description="Entries at most; absent: all, where there are not more than the list may have"),
]
# A cursor may hold a title of 500 characters, each up to four bytes, in base64.
CursorText = Annotated[
    str | None, Query(max_length=4000, description="Opaque, from the `Link` header of the page before")
]

LIST_HEADERS = {
    "X-Total-Count": {"description": "All matches", "schema": {"type": "integer"}},
    "Link": {"description": 'RFC 8288 `rel="next"` when more follow', "schema": {"type": "string"}},
}
"""What the answer of a list by cursor carries, for its `responses`."""


async def get_cursors(request: Request) -> Cursors:
    """Those of the application."""
    return CURSORS.of(request)


CursorsDep = Annotated[Cursors, Depends(get_cursors)]


def client_of(request: Request) -> LimitedClient:
    """Whom to count a request for."""
    return client_at(request.client.host if request.client else "")


def client_address(request: Request) -> str:
    """The address to count under, and of IPv6 the network."""
    return client_of(request).address


async def get_rate_limiter(request: Request) -> RateLimiter:
    """The limiter on the pool of this process; it counts nothing where limits are switched off."""
    enabled = SETTINGS.of(request).rate_limits_on
    return RateLimiter(DATABASE.of(request), KEYS.of(request).rate_limits.signing, enabled=enabled)


Limiter = Annotated[RateLimiter, Depends(get_rate_limiter)]
