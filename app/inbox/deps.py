"""The inbox as a dependency."""

from typing import Annotated

from fastapi import Depends

from app.core.db.transaction import Session
from app.inbox.service import InboxService


async def get_inbox(session: Session) -> InboxService:
    """Notices on the session of this request."""
    return InboxService(session)


Inbox = Annotated[InboxService, Depends(get_inbox)]
