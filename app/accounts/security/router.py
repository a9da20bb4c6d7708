"""GET /admin/security-events, and GET /auth/me/sign-ins for the caller's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.accounts.deps import AdminUser, CurrentUser, NoStoreRoute
from app.accounts.security.deps import Trail
from app.accounts.security.kinds import Kind
from app.accounts.security.query import MAX_ID, SecurityFilter, read_network
from app.accounts.security.schemas import SecurityEventOut, SignInOut
from app.core.deps import LIST_HEADERS, CursorsDep, CursorText, Limit
from app.core.errors import invalid_input
from app.core.paging import next_link
from app.core.values import Id, Moment

router = APIRouter(tags=["security"], route_class=NoStoreRoute)

EVENTS, SIGN_INS = "/admin/security-events", "/auth/me/sign-ins"
WHERE = "Of that network or address: /24 of IPv4, /48 of IPv6 count"


async def get_filter(
    kind: Annotated[Kind | None, Query(description="Exact")] = None,
    user_id: Annotated[Id | None, Query(description="About that account")] = None,
    email: Annotated[
        str | None, Query(max_length=255, description="About the account with that whole address")
    ] = None,
    network: Annotated[str | None, Query(max_length=50, description=WHERE, examples=["203.0.113.7"])] = None,
    created_from: Annotated[Moment | None, Query(description="Inclusive; ISO 8601, UTC without offset")] = None,
    created_to: Annotated[Moment | None, Query(description="Exclusive; ISO 8601, UTC without offset")] = None,
) -> SecurityFilter:
    """The filters, which combine with AND."""
    try:
        found = None if network is None else read_network(network)
    except ValueError as error:
        raise invalid_input(
            "query", "network", message="must be an address or network like 203.0.113.0/24"
        ) from error
    return SecurityFilter(kind, user_id, email, found, created_from, created_to)


Filter = Annotated[SecurityFilter, Depends(get_filter)]


@router.get(EVENTS, summary="List security events", responses={200: {"headers": LIST_HEADERS}})
async def list_security_events(
    _: AdminUser,
    trail: Trail,
    response: Response,
    cursors: CursorsDep,
    wanted: Filter,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> list[SecurityEventOut]:
    """Sign-ins, refusals and changes of accounts, the newest first. Filters combine with AND."""
    scope = f"security events {sorted(wanted.parameters.items())}"
    page = await trail.page(wanted, limit, cursors.position(scope, cursor, MAX_ID))
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        last = page.entries[-1][0]
        following = cursors.behind_row(scope, last.created_at, last.id)
        response.headers["Link"] = next_link(EVENTS, limit=limit, cursor=following, **wanted.parameters)
    return [SecurityEventOut.of(event, email) for event, email in page.entries]


@router.get(SIGN_INS, summary="List one's own sign-ins", responses={200: {"headers": LIST_HEADERS}})
async def list_sign_ins(
    user: CurrentUser,
    trail: Trail,
    response: Response,
    cursors: CursorsDep,
    limit: Limit = 20,
    cursor: CursorText = None,
) -> list[SignInOut]:
    """Sign-ins to the caller's account and those that were refused, the newest first, as long as they are kept."""
    scope = f"sign-ins of {user.id}"
    page = await trail.sign_ins(user.id, limit, cursors.position(scope, cursor, MAX_ID))
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        last = page.entries[-1]
        following = cursors.behind_row(scope, last.created_at, last.id)
        response.headers["Link"] = next_link(SIGN_INS, limit=limit, cursor=following)
    return [SignInOut.of(event) for event in page.entries]
