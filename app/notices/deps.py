"""Notices as a dependency."""

from typing import Annotated

from fastapi import Depends

from app.core.db.route import Session
from app.notices.service import NoticeService


async def get_notices(session: Session) -> NoticeService:
    """Notices on the session of this request."""
    return NoticeService(session)


Notices = Annotated[NoticeService, Depends(get_notices)]
