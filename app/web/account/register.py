"""Opening an account on a page."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.schemas import Register
from app.accounts.service_deps import Limits
from app.core.db.route import Session
from app.core.db.transaction import release
from app.core.errors import DomainError
from app.web.access import own_path
from app.web.account.deps import BrowserAccounts, EntranceDep
from app.web.account.door import HOME, DoorPage
from app.web.forms import Sent, rerender_form
from app.web.page import render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
REGISTER = "/account/register"


@dataclass(frozen=True, slots=True)
class RegisterPage(DoorPage):
    """The form for a new account."""

    template: ClassVar[str] = "account/register.html"


@router.get(REGISTER)
async def show(request: Request, visitor: AnyVisitor, next: str = HOME) -> Response:  # noqa: A002
    """The form for a new account."""
    return RegisterPage.shown(request, visitor, next)


@router.post(REGISTER)
async def register(
    request: Request,
    sent: Sent,
    visitor: AnyVisitor,
    session: Session,
    limits: Limits,
    accounts: BrowserAccounts,
    entrance: EntranceDep,
) -> Response:
    """Create account, and a session for this browser."""
    goal = own_path(sent.get("next"), HOME)
    wanted = sent.parse(Register)
    if wanted is None:
        return render(request, RegisterPage.of(request, sent, goal), 422)
    await release(session)
    try:
        async with limits.password_work("register"):
            tokens = await accounts.register(wanted.email, wanted.password, wanted.display_name)
    except DomainError as error:
        sent.refuse(error)
        raise rerender_form(request, RegisterPage.of(request, sent, goal), error) from error
    await entrance.welcome(tokens)
    visitor.flash(f"Welcome. We wrote to {wanted.email}: please confirm your address with the link in the mail.")
    return see_other(goal)
