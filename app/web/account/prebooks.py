"""The pre-bookings of the reader."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.core.deps import CursorsDep, CursorText
from app.core.values import Id
from app.prebookings.deps import PreBookings
from app.prebookings.errors import AlreadyCancelled
from app.prebookings.models import BookedTitle
from app.web.access import Reader, own_path
from app.web.forms import Sent
from app.web.page import PageContext, render
from app.web.paging import page_begins
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
PREBOOKS, PER_PAGE = "/account/prebooks", 20


@dataclass(frozen=True, slots=True)
class PreBooksPage(PageContext):
    """Some of `total` pre-bookings in all states, the newest first; `following` leads to others.

    `address` is that of this page, where what is done here leads back to.
    """

    template: ClassVar[str] = "account/prebooks.html"
    bookings: Sequence[BookedTitle]
    total: int
    following: str | None
    is_first: bool
    address: str


class CancelForm(BaseModel):
    """The pre-booking to cancel."""

    prebook_id: Id


@router.get(PREBOOKS)
async def show(
    request: Request, reader: Reader, bookings: PreBookings, cursors: CursorsDep, cursor: CursorText = None
) -> Response:
    """A page of the list."""
    scope = f"pre-bookings of {reader.id}"
    page = await bookings.page(reader.id, PER_PAGE, page_begins(request, cursors, scope, PREBOOKS))
    following = None
    if page.more:
        last = page.entries[-1]
        following = _address(cursors.behind_row(scope, last.created_at, last.id))
    shown = PreBooksPage(page.entries, page.total, following, cursor is None, _address(cursor))
    return render(request, shown)


@router.post("/account/prebooks/cancel")
async def cancel(sent: Sent, visitor: AnyVisitor, reader: Reader, bookings: PreBookings) -> Response:
    """Wait no more; a second click does no harm."""
    wanted = sent.parse(CancelForm)
    if wanted:
        with suppress(AlreadyCancelled):
            await bookings.cancel(reader.id, wanted.prebook_id)
        visitor.flash("You do not wait for that book any more.")
    return see_other(own_path(sent.get("next"), PREBOOKS))


def _address(cursor: str | None) -> str:
    return f"{PREBOOKS}?{urlencode({'cursor': cursor})}" if cursor else PREBOOKS
