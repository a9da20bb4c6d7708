"""The mails of the shop, for staff: what waits, what was given up, and another try."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.accounts.deps import AdminUser
from app.admin.outbox import RequeueService
from app.core.db.route import Session, TransactionRoute
from app.core.deps import PageNumber, PageSize
from app.core.openapi import problems
from app.core.values import Id
from app.mail.deps import Mails
from app.mail.schemas import MailList, MailOut, MailStatus

router = APIRouter(prefix="/admin/outbox", tags=["outbox"], route_class=TransactionRoute)

Status = Annotated[MailStatus | None, Query(description="Only mails with this status")]


async def get_requeue(session: Session, admin: AdminUser) -> RequeueService:
    """Queueing again on the session of this request, by its caller."""
    return RequeueService(session, admin)


Requeue = Annotated[RequeueService, Depends(get_requeue)]


@router.get("", summary="List mails")
async def list_mails(
    _: AdminUser, mails: Mails, status: Status = None, page: PageNumber = 1, per_page: PageSize = 20
) -> MailList:
    """The newest first; bodies are not shown, they may hold links that open an account."""
    total, found = await mails.page(status, (page - 1) * per_page, per_page)
    items = [MailOut.model_validate(mail) for mail in found]
    return MailList(items=items, total_count=total, page=page, per_page=per_page, total_pages=ceil(total / per_page))


@router.post(
    "/{mail_id}/requeue", summary="Queue a dead mail again", responses=problems("MAIL_NOT_FOUND", "MAIL_NOT_DEAD")
)
async def requeue_mail(mail_id: Id, requeue: Requeue) -> MailOut:
    """Due at once, with all its attempts before it; the Message-ID stays."""
    return MailOut.model_validate(await requeue.requeue(mail_id))
