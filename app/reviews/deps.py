"""Reviews and their moderation as dependencies."""

from typing import Annotated

from fastapi import Depends

from app.core.db.route import Session
from app.reviews.moderation import ModerationService
from app.reviews.service import ReviewService


async def get_reviews(session: Session) -> ReviewService:
    """Reviews on the session of this request."""
    return ReviewService(session)


async def get_moderation(session: Session) -> ModerationService:
    """Moderation on the session of this request."""
    return ModerationService(session)


Reviews = Annotated[ReviewService, Depends(get_reviews)]
Moderation = Annotated[ModerationService, Depends(get_moderation)]
