"""Who is calling: the dependencies that every protected operation names, and the route of private answers."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from app.accounts.caller import Caller
from app.accounts.errors import AccountDeactivated, Forbidden, TokenInvalid
from app.accounts.models import UserRole
from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal, operation_of
from app.accounts.tokens import read_access_token
from app.core.db.driver import driver
from app.core.db.route import TransactionRoute, get_session
from app.core.middleware import storable_text
from app.core.parts import KEYS

__all__ = ["AdminUser", "Caller", "CurrentUser", "NoStoreRoute", "admin_user", "current_user"]

_bearer = HTTPBearer(auto_error=False, scheme_name="AccessToken", bearerFormat="JWT")


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def _authenticated(request: Request, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    if credentials is None:
        raise HTTPException(401, "A bearer token is needed.")
    try:
        claims = read_access_token(KEYS.of(request).access_tokens.accepted, credentials.credentials)
    except TokenInvalid:
        note_refusal(Kind.ACCESS_TOKEN_REFUSED, reason="not_ours")
        raise
    row = await (await driver(await get_session(request))).fetchrow(_ACCOUNT, claims.user_id)
    if row is None or not row["is_active"]:
        note_refusal(Kind.ACCESS_TOKEN_REFUSED, row and row["id"], reason="deactivated")
        raise AccountDeactivated
    return Caller(row["id"], row["email"], row["display_name"], UserRole[row["role"]], claims.session_id)


_ACCOUNT = "SELECT id, email, display_name, role::text, is_active FROM users WHERE id = $1"


async def current_user(request: Request, credentials: Credentials) -> Caller:
    """An active account; read from its row at every request."""
    caller = await _authenticated(request, credentials)
    await storable_text(request)
    return caller


async def admin_user(request: Request, credentials: Credentials) -> Caller:
    """An active account whose row has the role `admin`; the role claim of the token is never asked."""
    caller = await _authenticated(request, credentials)
    if caller.role is not UserRole.ADMIN:
        note_refusal(Kind.ADMIN_OPERATION_REFUSED, caller.id, operation=operation_of(request.scope))
        raise Forbidden
    await storable_text(request)
    return caller


CurrentUser = Annotated[Caller, Depends(current_user)]
AdminUser = Annotated[Caller, Depends(admin_user)]


class NoStoreRoute(TransactionRoute):
    """A route whose answers, refusals included, no cache may keep: tokens and accounts stand in them."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cache-Control"] = "no-store"
            await send(message)

        await super().handle(scope, receive, send_marked)
