"""The browser's side of a sign-in: the service as a dependency, and the cookie."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Cookie, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from app.accounts.deps import NoStoreRoute
from app.accounts.oauth.flow import LIFE_SECONDS
from app.accounts.oauth.providers import PROVIDERS
from app.accounts.oauth.service import Departure, OAuthService
from app.accounts.service_deps import Policy
from app.core.config import Settings
from app.core.db.transaction import DATABASE
from app.core.deps import Limiter
from app.core.parts import KEYS, SETTINGS
from app.mail.deps import OutboxDep

COOKIE = "session"


async def get_oauth(request: Request, limiter: Limiter, outbox: OutboxDep, policy: Policy) -> OAuthService:
    keys = KEYS.of(request).provider_sign_in
    return OAuthService(PROVIDERS.of(request), DATABASE.of(request), limiter, outbox, policy, keys)


OAuth = Annotated[OAuthService, Depends(get_oauth)]
FlowCookie = Annotated[
    str | None, Cookie(alias=COOKIE, description="Set when the sign-in began; signed, good once and for ten minutes.")
]


def redirect(departure: Departure, redirect_uri: str, settings: Settings) -> RedirectResponse:
    """Send the browser to the provider, with the cookie that only its way back will show."""
    answer = RedirectResponse(departure.address, 302)
    _set_cookie(answer, departure.cookie, LIFE_SECONDS, redirect_uri, settings)
    return answer


def forget_flow(request: Request, redirect_uri: str) -> None:
    """Have a CallbackRoute take the cookie from the browser, whatever the answer will be."""
    cleared = Response()
    _set_cookie(cleared, "", 0, redirect_uri, SETTINGS.of(request))
    request.state.cleared_cookie = cleared.headers["set-cookie"]


def _set_cookie(answer: Response, value: str, life: int, redirect_uri: str, settings: Settings) -> None:
    answer.set_cookie(
        COOKIE,
        value,
        max_age=life,
        path=urlsplit(redirect_uri).path,
        httponly=True,
        samesite="lax",
        secure=settings.is_https or settings.env == "production",
    )


class CallbackRoute(NoStoreRoute):
    """A route whose answers, refusals included, take away the cookie after `forget_flow`."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_clearing(message: Message) -> None:
            cookie = scope.get("state", {}).get("cleared_cookie")
            if cookie and message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        await super().handle(scope, receive, send_clearing)
