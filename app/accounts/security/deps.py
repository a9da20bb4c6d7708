"""Security events as a dependency."""

from typing import Annotated

from fastapi import Depends

from app.accounts.security.trail import SecurityTrail
from app.core.db.route import Session


async def get_trail(session: Session) -> SecurityTrail:
    """The security events on the session of this request."""
    return SecurityTrail(session)


Trail = Annotated[SecurityTrail, Depends(get_trail)]
