"""An event before it is a row."""

from dataclasses import dataclass, field
from typing import Final

from app.accounts.security.client import Client
from app.accounts.security.kinds import REFUSALS, Kind

NOWHERE: Final = Client()


@dataclass(frozen=True, slots=True)
class SecurityNote:
    """What happened, and to which account: by its id or, where nobody has looked it up, by its address.

    The address only finds the account; it is neither stored nor logged. Notes that are equal are counted as one.
    """

    kind: Kind
    user_id: int | None = None
    email: str | None = field(default=None, repr=False)
    client: Client = NOWHERE
    detail: tuple[tuple[str, str], ...] = ()
    request_id: str | None = field(default=None, compare=False)

    @property
    def is_refusal(self) -> bool:
        return self.kind in REFUSALS
