"""Signing in with Google and GitHub on pages: there, and back with a session in the cookie."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.oauth.deps import CallbackRoute, FlowCookie, forget_flow, redirect
from app.accounts.oauth.flow import LIFE_SECONDS
from app.accounts.oauth.github import GitHub
from app.accounts.oauth.google import Google
from app.accounts.oauth.providers import LABELS
from app.accounts.oauth.schemas import ProviderAnswer
from app.accounts.service_deps import Limits, Policy
from app.core.config import Settings
from app.core.db.route import Session
from app.core.db.transaction import DATABASE, release
from app.core.errors import DomainError
from app.core.parts import SETTINGS
from app.web import cookies
from app.web.access import SIGN_IN, own_path
from app.web.account.deps import BrowserOAuth, entrance_on
from app.web.errors import Answered
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

GOAL = "bookstore_goal"


class ReturnRoute(CallbackRoute, PrivatePageRoute):
    """A page's route that takes away the cookie of the way to a provider."""


router = APIRouter(include_in_schema=False, route_class=ReturnRoute)
Answer = Annotated[ProviderAnswer, Query()]


def offered(settings: Settings) -> dict[str, str]:
    """The providers of this shop by name, with their names for people."""
    configured = {Google.name: settings.google_client_id, GitHub.name: settings.github_client_id}
    return {name: LABELS[name] for name, client_id in configured.items() if client_id}


@router.get("/account/google")
@router.get("/account/github")
async def depart(
    request: Request,
    visitor: AnyVisitor,
    session: Session,
    limits: Limits,
    oauth: BrowserOAuth,
    next: str = "/account",  # noqa: A002
) -> Response:
    """Send the browser to the provider; who has signed in already goes on."""
    goal = own_path(next, "/account")
    if visitor.caller:
        return see_other(goal)
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        # Who has agreed at the provider before is asked nothing there: no other site signs them in by a link.
        return see_other(f"{SIGN_IN}?{urlencode({'next': goal})}")
    await release(session)
    provider, redirect_uri = _asked(request)
    await limits.check(provider)
    response = redirect(oauth.begin(provider, redirect_uri), redirect_uri, SETTINGS.of(request))
    cookies.write_signed(request, response, GOAL, goal, LIFE_SECONDS)
    return response


@router.get("/account/google/callback")
@router.get("/account/github/callback")
async def arrive(
    request: Request,
    visitor: AnyVisitor,
    session: Session,
    limits: Limits,
    oauth: BrowserOAuth,
    policy: Policy,
    answer: Answer,
    cookie: FlowCookie = None,
) -> Response:
    """Back from the provider: to where the reader wanted to go, or to the sign-in page with a sentence."""
    goal = own_path(str(cookies.read_signed(request, GOAL)), "/account")
    await release(session)
    provider, redirect_uri = _asked(request)
    forget_flow(request, redirect_uri)
    try:
        await limits.check(f"{provider}/callback")
        tokens = await oauth.finish(provider, redirect_uri, cookie, answer)
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(f"{SIGN_IN}?{urlencode({'next': goal})}")) from error

    async def work(own: AsyncSession) -> None:
        await entrance_on(own, visitor, policy).move_in(tokens)

    # A transaction of its own: one that is repeated must not ask the provider again.
    await DATABASE.of(request).transaction(work)
    visitor.sign_in(tokens.refresh_token)
    visitor.flash("You are signed in.")
    response = see_other(goal)
    cookies.forget(request, response, GOAL)
    return response


def _asked(request: Request) -> tuple[str, str]:
    """The provider that the address names, and where it is to send the browser back to."""
    provider = request.scope["path"].split("/")[2]
    return provider, f"{SETTINGS.of(request).public_base_url}/account/{provider}/callback"
