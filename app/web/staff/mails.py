"""The outbox: what was sent, what waits, what was given up."""

from dataclasses import dataclass
from typing import ClassVar, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from app.core.errors import DomainError
from app.core.values import Id
from app.mail.deps import Mails
from app.mail.mime import as_page
from app.mail.models import OutboxMail
from app.mail.schemas import MailStatus
from app.web.access import Staff
from app.web.errors import Answered
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.deps import Requeue
from app.web.staff.query_params import PER_PAGE, address, last_page, page_number
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute, prefix="/staff/mails")
STATUSES: tuple[str, ...] = get_args(MailStatus)
# Others hold links that open an account, or let somebody unsubscribe for its owner.
SHOWN_KINDS = frozenset({"order_confirmation", "order_cancelled"})
BODY_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True, slots=True)
class MailsPage(PageContext):
    """A page of mails."""

    template: ClassVar[str] = "staff/mails.html"
    status: str
    mails: list[OutboxMail]
    total: int
    number: int
    statuses: tuple[str, ...]

    @property
    def last(self) -> int:
        return last_page(self.total)

    def link(self, number: int) -> str:
        """The address of another page of the same."""
        return address("/staff/mails", {"status": self.status, "page": number if number > 1 else None})


@dataclass(frozen=True, slots=True)
class MailPage(PageContext):
    """One mail; its text is shown where no link in it belongs to its recipient alone."""

    template: ClassVar[str] = "staff/mail.html"
    mail: OutboxMail
    is_shown: bool


@router.get("")
async def list_mails(request: Request, _: Staff, mails: Mails) -> Response:
    """All mails that fit, the newest first."""
    asked = request.query_params.get("status", "")
    status = asked if asked in STATUSES else ""
    number = page_number(request.query_params)
    total, found = await mails.page(status or None, (number - 1) * PER_PAGE, PER_PAGE)
    return render(request, MailsPage(status, list(found), total, number, STATUSES))


@router.get("/{mail_id}")
async def show_mail(request: Request, mail_id: Id, _: Staff, mails: Mails) -> Response:
    """One mail and what became of it."""
    mail = await mails.get(mail_id)
    return render(request, MailPage(mail, mail.kind in SHOWN_KINDS))


@router.get("/{mail_id}/body")
async def show_body(mail_id: Id, _: Staff, mails: Mails) -> Response:
    """The mail itself, for the frame on its page: it can load nothing, run nothing and send nothing."""
    mail = await mails.get(mail_id)
    if mail.kind not in SHOWN_KINDS:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": BODY_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HTMLResponse(as_page(mail.html), headers=headers)


@router.post("/{mail_id}/requeue")
async def try_again(mail_id: Id, requeue: Requeue, visitor: AnyVisitor) -> Response:
    """Another try for a mail that was given up."""
    try:
        await requeue.requeue(mail_id)
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(f"/staff/mails/{mail_id}")) from error
    visitor.flash("The mail will be tried again at once.")
    return see_other(f"/staff/mails/{mail_id}")
