"""Signing in and out on pages."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.schemas import LogIn
from app.accounts.service_deps import Limits
from app.core.db.route import Session
from app.core.db.transaction import release
from app.core.errors import DomainError
from app.web.access import SIGN_IN, own_path
from app.web.account.deps import BrowserAccounts, EntranceDep
from app.web.account.door import HOME, DoorPage
from app.web.forms import Sent, rerender_form
from app.web.page import render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor, browser_of

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)


@dataclass(frozen=True, slots=True)
class SignInPage(DoorPage):
    """The sign-in form."""

    template: ClassVar[str] = "account/sign_in.html"


@router.get(SIGN_IN)
async def show(request: Request, visitor: AnyVisitor, next: str = HOME) -> Response:  # noqa: A002
    """The sign-in form."""
    return SignInPage.shown(request, visitor, next)


@router.post(SIGN_IN)
async def sign_in(
    request: Request,
    sent: Sent,
    visitor: AnyVisitor,
    session: Session,
    limits: Limits,
    accounts: BrowserAccounts,
    entrance: EntranceDep,
) -> Response:
    """Open a session for this browser."""
    goal = own_path(sent.get("next"), HOME)
    wanted = sent.parse(LogIn)
    if wanted is None:
        return render(request, SignInPage.of(request, sent, goal), 422)
    await release(session)
    try:
        await limits.check("login")
        async with limits.login_attempt(wanted.email, browser_of(request)) as attempt:
            tokens = await accounts.log_in(wanted.email, wanted.password, attempt)
    except DomainError as error:
        sent.refuse(error, "")
        raise rerender_form(request, SignInPage.of(request, sent, goal), error) from error
    await entrance.welcome(tokens)
    visitor.flash("You are signed in.")
    return see_other(goal)


@router.post("/account/sign-out")
async def sign_out(visitor: AnyVisitor, entrance: EntranceDep) -> Response:
    """End this browser's session."""
    await entrance.leave()
    visitor.flash("You are signed out.", "plain")
    return see_other("/")
