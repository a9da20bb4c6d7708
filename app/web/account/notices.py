"""What the shop has to tell the reader."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.core.values import Id
from app.mail.models import Notice
from app.notices.deps import Notices
from app.notices.errors import NoticeNotFound
from app.web.access import Reader, own_path
from app.web.forms import Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
NOTICES, PER_PAGE = "/account/notices", 20


@dataclass(frozen=True, slots=True)
class NoticesPage(PageContext):
    """Some notices, the newest first; older ones follow from below the id `before`."""

    template: ClassVar[str] = "account/notices.html"
    notices: Sequence[Notice]
    before: int | None
    is_first: bool


class Read(BaseModel):
    """The notice that was read."""

    notice_id: Id


@router.get(NOTICES)
async def show(request: Request, reader: Reader, notices: Notices, before: Id | None = None) -> Response:
    """A page of the list."""
    page = await notices.page(reader.id, unread=False, before=before, limit=PER_PAGE)
    following = page.notices[-1].id if page.more else None
    return render(request, NoticesPage(page.notices, following, before is None))


@router.post("/account/notices/read")
async def read(sent: Sent, reader: Reader, notices: Notices) -> Response:
    """Mark one as read, and go where it leads."""
    wanted = sent.parse(Read)
    if wanted:
        with suppress(NoticeNotFound):
            await notices.mark_read(reader.id, wanted.notice_id)
    return see_other(own_path(sent.get("next"), NOTICES))


@router.post("/account/notices/read-all")
async def read_all(visitor: AnyVisitor, reader: Reader, notices: Notices) -> Response:
    """Mark all as read."""
    await notices.mark_all_read(reader.id)
    visitor.flash("All notices are marked as read.")
    return see_other(NOTICES)
