"""Mailed links on pages: proving an address, and a new password for those who forgot theirs."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.errors import LinkInvalid
from app.accounts.models import LinkPurpose
from app.accounts.schemas import ForgotPassword, ResetPassword
from app.accounts.service_deps import Limits, Recovery
from app.core.db.route import Session
from app.core.db.transaction import release
from app.core.errors import DomainError
from app.web.access import SIGN_IN, Reader
from app.web.errors import Answered
from app.web.forms import Form, Sent, rerender_form
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor, browser_of

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
FEW_MAILS = "We send only a few in an hour; the link of an earlier mail is as good."
FORGOT, RESET, VERIFY = "/account/forgot", "/account/reset", "/account/verify"


@dataclass(frozen=True, slots=True)
class ForgotPage(PageContext):
    """Where to send the link."""

    template: ClassVar[str] = "account/forgot.html"
    form: Form


@dataclass(frozen=True, slots=True)
class ResetPage(PageContext):
    """The new password; `token` as it stands in the mailed link."""

    template: ClassVar[str] = "account/reset.html"
    form: Form
    token: str


@dataclass(frozen=True, slots=True)
class VerifyPage(PageContext):
    """A button, for programs that look at mails open links as well; `token` as it stands in the mailed link."""

    template: ClassVar[str] = "account/verify.html"
    form: Form
    token: str


@dataclass(frozen=True, slots=True)
class StaleLinkPage(PageContext):
    """A mailed link that was used or is too old, and how to get another one."""

    template: ClassVar[str] = "account/stale_link.html"
    purpose: LinkPurpose


@router.get(FORGOT)
async def ask_for_address(request: Request, _: AnyVisitor) -> Response:
    """The form."""
    return render(request, ForgotPage(Form()))


@router.post(FORGOT)
async def forgot(
    request: Request, sent: Sent, visitor: AnyVisitor, session: Session, limits: Limits, recovery: Recovery
) -> Response:
    """Mail a link, if there is such an account. The answer is the same for any address."""
    wanted = sent.parse(ForgotPassword)
    if wanted is None:
        return render(request, ForgotPage(sent), 422)
    await release(session)
    try:
        await limits.check("password/forgot")
    except DomainError as error:
        sent.refuse(error)
        raise rerender_form(request, ForgotPage(sent), error) from error
    await recovery.forgot(wanted.email)
    visitor.flash(f"If there is an account for {wanted.email}, a mail with a link is on its way. {FEW_MAILS}")
    return see_other("/account" if visitor.caller else SIGN_IN)


@router.get(RESET)
async def ask_for_password(request: Request, _: AnyVisitor, recovery: Recovery, token: str = "") -> Response:
    """The form, unless the link could not be used any more."""
    if not await recovery.is_good(token, LinkPurpose.RESET_PASSWORD):
        return _stale(request, LinkPurpose.RESET_PASSWORD)
    return render(request, ResetPage(Form(), token))


@router.post(RESET)
async def reset(
    request: Request, sent: Sent, visitor: AnyVisitor, session: Session, limits: Limits, recovery: Recovery
) -> Response:
    """Set the password. Every session of the account has ended then."""
    wanted = sent.parse(ResetPassword)
    if wanted is None:
        return render(request, ResetPage(sent, sent.get("token")), 422)
    await release(session)
    try:
        async with limits.password_work("password/reset"):
            await recovery.reset(wanted.token, wanted.new_password, browser_of(request))
    except LinkInvalid as error:
        raise Answered(_stale(request, LinkPurpose.RESET_PASSWORD)) from error
    except DomainError as error:
        sent.refuse(error)
        raise rerender_form(request, ResetPage(sent, wanted.token), error) from error
    visitor.be_known()
    visitor.flash("Your new password is set. Please sign in with it.")
    return see_other(SIGN_IN)


@router.get(VERIFY)
async def ask_to_verify(request: Request, _: AnyVisitor, recovery: Recovery, token: str = "") -> Response:
    """A page with one button. Opening it changes nothing."""
    if not await recovery.is_good(token, LinkPurpose.VERIFY_EMAIL):
        return _stale(request, LinkPurpose.VERIFY_EMAIL)
    return render(request, VerifyPage(Form(), token))


@router.post(VERIFY)
async def verify(
    request: Request, sent: Sent, visitor: AnyVisitor, session: Session, limits: Limits, recovery: Recovery
) -> Response:
    """Count the address as proven."""
    token = sent.get("token")
    await release(session)
    try:
        await limits.check("verify-email")
        await recovery.verify(token)
    except LinkInvalid as error:
        raise Answered(_stale(request, LinkPurpose.VERIFY_EMAIL)) from error
    except DomainError as error:
        sent.refuse(error)
        raise rerender_form(request, VerifyPage(sent, token), error) from error
    visitor.flash("Thank you. Your e-mail address is confirmed.")
    return see_other("/account")


@router.post("/account/verify/resend")
async def resend(
    visitor: AnyVisitor, reader: Reader, session: Session, limits: Limits, recovery: Recovery
) -> Response:
    """Mail another link, unless the address is proven."""
    await release(session)
    try:
        await limits.check("verify-email/resend")
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other("/account")) from error
    await recovery.resend_verification(reader.id)
    visitor.flash(f"A mail to {reader.email} is on its way, unless the address is confirmed already. {FEW_MAILS}")
    return see_other("/account")


def _stale(request: Request, purpose: LinkPurpose) -> Response:
    return render(request, StaleLinkPage(purpose), 400)
