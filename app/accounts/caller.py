"""Who is calling, for services and whoever else need not know how a request arrives."""

from dataclasses import dataclass
from uuid import UUID

from app.accounts.models import UserRole


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind the access token, as its row says now, and the session the token belongs to."""

    id: int
    email: str
    display_name: str | None
    role: UserRole
    session_id: UUID
