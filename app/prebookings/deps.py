"""Pre-bookings as a dependency."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.db.route import Session
from app.core.parts import SETTINGS
from app.prebookings.service import PreBookingBounds, PreBookingService


async def get_pre_bookings(request: Request, session: Session) -> PreBookingService:
    """Pre-bookings on the session of this request."""
    return PreBookingService(session, PreBookingBounds.of(SETTINGS.of(request)))


PreBookings = Annotated[PreBookingService, Depends(get_pre_bookings)]
