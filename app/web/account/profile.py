"""Name, mails and password of the reader."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.errors import NameReserved
from app.accounts.schemas import AccountOut, ChangeAccount, ChangePassword
from app.accounts.service_deps import Accounts, Limits
from app.core.db.route import Session
from app.core.db.transaction import release
from app.core.errors import DomainError
from app.web.access import Reader
from app.web.forms import Form, Sent, rerender_form
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
PROFILE, PASSWORD = "/account/profile", "/account/password"


@dataclass(frozen=True, slots=True)
class ProfilePage(PageContext):
    """What the reader may change about themselves; `given_name` is empty where they gave none."""

    template: ClassVar[str] = "account/profile.html"
    form: Form
    account: AccountOut
    given_name: str


@dataclass(frozen=True, slots=True)
class PasswordPage(PageContext):
    """The form for another password; a sentence where there is none to change."""

    template: ClassVar[str] = "account/password.html"
    form: Form
    has_password: bool


@router.get(PROFILE)
async def profile(request: Request, reader: Reader, accounts: Accounts) -> Response:
    """The form, filled."""
    account = AccountOut.of(await accounts.profile(reader.id))
    return render(request, ProfilePage(Form(), account, reader.display_name or ""))


@router.post(PROFILE)
async def change_profile(
    request: Request, sent: Sent, visitor: AnyVisitor, reader: Reader, accounts: Accounts
) -> Response:
    """Keep name and choices. A name left blank is taken back; a box without its tick says no."""
    sent.values.setdefault("restock_mails", "false")
    wanted = sent.parse(ChangeAccount, blank_is_null=["display_name"])
    if wanted is None:
        account = AccountOut.of(await accounts.profile(reader.id))
        return render(request, ProfilePage(sent, account, reader.display_name or ""), 422)
    try:
        await accounts.change_profile(reader.id, wanted.changes())
    except NameReserved as error:
        sent.refuse(error)
        account = AccountOut.of(await accounts.profile(reader.id))
        raise rerender_form(request, ProfilePage(sent, account, reader.display_name or ""), error) from error
    visitor.flash("Your profile is up to date.")
    return see_other(PROFILE)


@router.get(PASSWORD)
async def password(request: Request, reader: Reader, accounts: Accounts) -> Response:
    """The form, or why there is none."""
    account = await accounts.profile(reader.id)
    return render(request, PasswordPage(Form(), account.has_password))


@router.post(PASSWORD)
async def change_password(
    request: Request,
    sent: Sent,
    visitor: AnyVisitor,
    reader: Reader,
    session: Session,
    limits: Limits,
    accounts: Accounts,
) -> Response:
    """Set another password; the sessions elsewhere end."""
    wanted = sent.parse(ChangePassword)
    if wanted is None:
        return render(request, PasswordPage(sent, has_password=True), 422)
    await release(session)
    try:
        async with limits.password_work("password", is_known=True):
            await accounts.change_password(reader.id, reader.session_id, wanted.current_password, wanted.new_password)
    except DomainError as error:
        sent.refuse(error)
        raise rerender_form(request, PasswordPage(sent, has_password=True), error) from error
    visitor.flash("Your new password is set. You stay signed in here, and were signed out everywhere else.")
    return see_other("/account")
