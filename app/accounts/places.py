"""Where accounts sign in: whoever comes from such a place has tries of their own, whatever strangers use up.

A place is a network or a browser, known by a digest that is another one for each account: the rows do not tell who
shares a network with whom. Being known opens nothing; it only gives more tries at the password.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.place_repository import PlaceRepository
from app.core.db.transaction import Database
from app.core.keys import derive

PLACE_LIFE = timedelta(days=180)  # since the last sign-in there
PLACES_KEPT = 20  # of each kind, for one account


class PlaceKind(StrEnum):
    """What a place is."""

    NETWORK = "network"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a client is: its address (of IPv6 the network), and the id in the cookie of its browser if it has one."""

    network: str
    browser: str | None = None

    def parts(self) -> list[tuple[PlaceKind, str]]:
        """The two places that it is."""
        network = [(PlaceKind.NETWORK, self.network)] if self.network else []
        return network + ([(PlaceKind.BROWSER, self.browser)] if self.browser else [])


@dataclass(frozen=True, slots=True)
class Familiarity:
    """What decides how often a password may be tried: the generation of the account's counters, and who is known."""

    generation: str
    knows_network: bool
    knows_browser: bool

    @property
    def is_known(self) -> bool:
        return self.knows_network or self.knows_browser


class Places:
    """Reads and writes places."""

    def __init__(self, signing_key: str) -> None:
        self._key = derive(signing_key.encode(), "places")

    async def familiarity(self, database: Database, email: str, place: Place) -> Familiarity:
        """How a place stands with the account of an address: one statement, whether there is such an account or not.

        The counters of failures begin anew with every new password.
        """
        account = await database.transaction(lambda session: PlaceRepository(session).of_account(email, PLACE_LIFE))
        known = {kind for kind, value in place.parts() if self._digest(account.id, kind, value) in account.places}
        return Familiarity(account.hashed_password or "", PlaceKind.NETWORK in known, PlaceKind.BROWSER in known)

    async def remember(self, session: AsyncSession, user_id: int, place: Place) -> None:
        """The account signed in there. Its row must be locked, or be of this transaction."""
        if found := self._digests(user_id, place):
            await PlaceRepository(session).add(user_id, found, PLACES_KEPT)

    async def forget(self, session: AsyncSession, user_id: int, *, but: Place | None = None) -> None:
        """No place is known to the account any more, save this one if it was."""
        kept = self._digests(user_id, but) if but else []
        await PlaceRepository(session).forget(user_id, [digest for _, digest in kept])

    def _digests(self, user_id: int, place: Place) -> list[tuple[str, str]]:
        return [(kind.value, self._digest(user_id, kind, value)) for kind, value in place.parts()]

    def _digest(self, user_id: int, kind: PlaceKind, value: str) -> str:
        # The first word keeps these digests apart from everything else that the same key signs.
        message = f"sign-in place\0{user_id}\0{kind}\0{value}"
        return hmac.digest(self._key, message.encode(), hashlib.sha256).hex()
