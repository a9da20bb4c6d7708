"""GET /auth/google, GET /auth/github and what follows from them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse

from app.accounts.oauth.deps import CallbackRoute, FlowCookie, OAuth, forget_flow, redirect
from app.accounts.oauth.github import GitHub
from app.accounts.oauth.google import Google
from app.accounts.oauth.schemas import GoogleToken, ProviderAnswer
from app.accounts.schemas import TokensOut
from app.accounts.service_deps import Limits
from app.core.config import Settings
from app.core.middleware import storable_text
from app.core.openapi import problems
from app.core.parts import SETTINGS

router = APIRouter(prefix="/auth", tags=["oauth"], route_class=CallbackRoute, dependencies=[Depends(storable_text)])

Answer = Annotated[ProviderAnswer, Query()]
DEPARTURE: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "To the provider",
        "headers": {
            "Location": {"schema": {"type": "string", "format": "uri"}},
            "Set-Cookie": {"schema": {"type": "string"}, "description": "`session`, for the way back"},
        },
    },
    **problems("RATE_LIMITED", "AUTH_OAUTH_NOT_CONFIGURED"),
}
RETURN = problems(
    "RATE_LIMITED",
    "AUTH_OAUTH_NOT_CONFIGURED",
    "AUTH_OAUTH_FAILED",
    "AUTH_OAUTH_NO_EMAIL",
    "AUTH_OAUTH_EMAIL_UNVERIFIED",
    "AUTH_USER_INACTIVE",
)


@router.get(
    "/google", status_code=302, summary="Sign in with Google", response_class=RedirectResponse, responses=DEPARTURE
)
async def begin_google(request: Request, limits: Limits, oauth: OAuth) -> RedirectResponse:
    """Sends the browser to Google, which sends it back to `/auth/google/callback`."""
    await limits.check("google")
    return _depart(SETTINGS.of(request), oauth, Google.name)


@router.get("/google/callback", summary="Return from Google", responses=RETURN)
async def finish_google(
    request: Request, answer: Answer, limits: Limits, oauth: OAuth, cookie: FlowCookie = None
) -> TokensOut:
    """Opens a session for the account of the Google identity; a new account where there is none."""
    await limits.check("google/callback")
    return await _return(request, oauth, Google.name, cookie, answer)


@router.post(
    "/google/token",
    summary="Exchange a Google id token",
    responses=problems(
        "RATE_LIMITED",
        "AUTH_OAUTH_NOT_CONFIGURED",
        "AUTH_GOOGLE_INVALID_TOKEN",
        "AUTH_OAUTH_NO_EMAIL",
        "AUTH_OAUTH_EMAIL_UNVERIFIED",
        "AUTH_USER_INACTIVE",
        "AUTH_PROVIDER_UNAVAILABLE",
    ),
)
async def exchange_google_token(body: GoogleToken, limits: Limits, oauth: OAuth) -> TokensOut:
    """Opens a session for an id token that Google made for this shop, such as its button or a mobile app gets."""
    await limits.check("google/token")
    return TokensOut.of(await oauth.exchange(body.id_token))


@router.get(
    "/github", status_code=302, summary="Sign in with GitHub", response_class=RedirectResponse, responses=DEPARTURE
)
async def begin_github(request: Request, limits: Limits, oauth: OAuth) -> RedirectResponse:
    """Sends the browser to GitHub, which sends it back to `/auth/github/callback`."""
    await limits.check("github")
    return _depart(SETTINGS.of(request), oauth, GitHub.name)


@router.get("/github/callback", summary="Return from GitHub", responses=RETURN)
async def finish_github(
    request: Request, answer: Answer, limits: Limits, oauth: OAuth, cookie: FlowCookie = None
) -> TokensOut:
    """Opens a session for the account of the GitHub identity; a new account where there is none."""
    await limits.check("github/callback")
    return await _return(request, oauth, GitHub.name, cookie, answer)


def _depart(settings: Settings, oauth: OAuth, provider: str) -> RedirectResponse:
    redirect_uri = _callback(settings, provider)
    return redirect(oauth.begin(provider, redirect_uri), redirect_uri, settings)


async def _return(
    request: Request, oauth: OAuth, provider: str, cookie: str | None, answer: ProviderAnswer
) -> TokensOut:
    redirect_uri = _callback(SETTINGS.of(request), provider)
    forget_flow(request, redirect_uri)
    return TokensOut.of(await oauth.finish(provider, redirect_uri, cookie, answer))


def _callback(settings: Settings, provider: str) -> str:
    return f"{settings.public_base_url}/auth/{provider}/callback"
