"""Pre-bookings as a dependency."""

from typing import Annotated

from fastapi import Depends

from app.core.db.transaction import Session
from app.prebookings.service import PreBookingService


async def get_pre_bookings(session: Session) -> PreBookingService:
    """Pre-bookings on the session of this request."""
    return PreBookingService(session)


PreBookings = Annotated[PreBookingService, Depends(get_pre_bookings)]
