"""What is asked of the security events."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Final

from app.accounts.security.client import Network, network_of
from app.accounts.security.kinds import Kind

MAX_ID: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class SecurityFilter:
    """Conditions that all hold; None is no condition. `created_from` inclusive, `created_to` exclusive.

    `email` is the whole address of the account, in any case; `network` is as events have it.
    """

    kind: Kind | None = None
    user_id: int | None = None
    email: str | None = None
    network: Network | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """The query parameters that a link to the next page keeps, and that a cursor belongs to."""
        return {
            "kind": self.kind,
            "user_id": self.user_id,
            "email": self.email,
            "network": None if self.network is None else str(self.network),
            "created_from": self.created_from and self.created_from.isoformat(),
            "created_to": self.created_to and self.created_to.isoformat(),
        }


def read_network(text: str) -> Network:
    """The network that events name for an address or a network. Raises ValueError for what is neither."""
    found = network_of(str(ip_network(text, strict=False).network_address))
    if found is None:
        raise ValueError("no address")
    return found
