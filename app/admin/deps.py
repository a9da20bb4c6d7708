"""The services of staff on the session of a request."""

from typing import Annotated

from fastapi import Depends

from app.admin.restock import RestockService
from app.core.db.transaction import Session
from app.notifications.deps import OutboxDep


async def get_restock(session: Session, outbox: OutboxDep) -> RestockService:
    """Restocking on the session of this request."""
    return RestockService(session, outbox)


Restock = Annotated[RestockService, Depends(get_restock)]
