"""Signing in and out on pages."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.browser import of_browsers
from app.accounts.limits import Limits
from app.accounts.schemas import LogIn
from app.accounts.service import AccountService
from app.accounts.service_deps import Policy
from app.accounts.sessions import SessionService
from app.core.db.transaction import Session, release
from app.core.errors import DomainError
from app.notifications.deps import OutboxDep
from app.web.access import SIGN_IN, own_path
from app.web.account.providers import offered
from app.web.account.refusals import shown_again
from app.web.account.welcome import welcome
from app.web.forms import Form, Sent
from app.web.page import Page, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)


@dataclass(frozen=True, slots=True)
class SignInPage(Page):
    """The sign-in form; `next` is where the reader wanted to go, `providers` are names and labels."""

    template: ClassVar[str] = "account/sign_in.html"
    form: Form
    next: str
    providers: dict[str, str]


@router.get(SIGN_IN)
async def show(request: Request, visitor: AnyVisitor, next: str = "/account") -> Response:  # noqa: A002
    """The form; who has signed in already goes on."""
    if visitor.caller:
        return see_other(own_path(next, "/account"))
    return render(request, _page(request, Form(), own_path(next, "/account")))


@router.post(SIGN_IN)
async def sign_in(
    request: Request,
    sent: Sent,
    visitor: AnyVisitor,
    session: Session,
    limits: Limits,
    policy: Policy,
    outbox: OutboxDep,
) -> Response:
    """Open a session for this browser."""
    goal = own_path(sent.get("next"), "/account")
    wanted = sent.parse(LogIn)
    if wanted is None:
        return render(request, _page(request, sent, goal), 422)
    await release(session)
    accounts = AccountService(session, outbox, of_browsers(policy))
    try:
        await limits.check("login")
        async with limits.login_attempt(wanted.email) as attempt:
            tokens = await accounts.log_in(wanted.email, wanted.password, attempt)
    except DomainError as error:
        sent.refuse(error, "")
        raise shown_again(request, _page(request, sent, goal), error) from error
    await welcome(session, visitor, policy, tokens)
    visitor.say("You are signed in.")
    return see_other(goal)


@router.post("/account/sign-out")
async def sign_out(visitor: AnyVisitor, session: Session, policy: Policy) -> Response:
    """End this browser's session."""
    if visitor.session_token:
        await SessionService(session, of_browsers(policy)).close(visitor.session_token)
        visitor.sign_out()
    visitor.say("You are signed out.", "plain")
    return see_other("/")


def _page(request: Request, form: Form, goal: str) -> SignInPage:
    return SignInPage(form, goal, offered(request.app.state.settings))
