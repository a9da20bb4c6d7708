"""The audit trail as a dependency."""

from typing import Annotated

from fastapi import Depends

from app.audit.service import AuditTrail
from app.core.db.route import Session


async def get_trail(session: Session) -> AuditTrail:
    """The audit trail on the session of this request."""
    return AuditTrail(session)


Trail = Annotated[AuditTrail, Depends(get_trail)]
