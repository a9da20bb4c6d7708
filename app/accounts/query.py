"""What staff ask of the list of accounts."""

from dataclasses import dataclass

from app.accounts.models import UserRole


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Conditions that all hold; None is no condition. `email` is part of the address, in any case."""

    role: UserRole | None = None
    is_active: bool | None = None
    email: str | None = None
