"""Pre-bookings on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import Id, TimestampOut
from app.prebookings.models import PreBookStatus


class PreBookRequest(BaseModel):
    """A sold-out book to wait for."""

    book_id: Annotated[Id, Field(examples=[1])]


class PreBookingOut(BaseModel):
    """A pre-booking; `notified_at` stays when it is cancelled afterwards."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    book_id: int
    book_title: str
    book_author: str
    status: PreBookStatus
    created_at: TimestampOut
    notified_at: TimestampOut | None
    cancelled_at: TimestampOut | None


class PreBookingList(BaseModel):
    """All pre-bookings of a user in all states, the newest first."""

    items: list[PreBookingOut]
