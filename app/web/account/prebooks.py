"""The pre-bookings of the reader."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.core.values import Id
from app.prebookings.deps import PreBookings
from app.prebookings.errors import AlreadyCancelled
from app.prebookings.models import BookedTitle
from app.web.access import Reader
from app.web.forms import Sent
from app.web.page import Page, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
PREBOOKS = "/account/prebooks"


@dataclass(frozen=True, slots=True)
class PreBooksPage(Page):
    """The pre-bookings in all states, the newest first."""

    template: ClassVar[str] = "account/prebooks.html"
    bookings: Sequence[BookedTitle]


class Cancelled(BaseModel):
    """The pre-booking to cancel."""

    prebook_id: Id


@router.get(PREBOOKS)
async def show(request: Request, reader: Reader, bookings: PreBookings) -> Response:
    """The list."""
    return render(request, PreBooksPage(await bookings.of_user(reader.id)))


@router.post("/account/prebooks/cancel")
async def cancel(sent: Sent, visitor: AnyVisitor, reader: Reader, bookings: PreBookings) -> Response:
    """Wait no more; a second click does no harm."""
    wanted = sent.parse(Cancelled)
    if wanted:
        with suppress(AlreadyCancelled):
            await bookings.cancel(reader.id, wanted.prebook_id)
        visitor.say("You do not wait for that book any more.")
    return see_other(PREBOOKS)
