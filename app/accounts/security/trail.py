"""The security events for those who read them: staff all of them, an account its own sign-ins; and their end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.security.kinds import REFUSED_SIGN_INS
from app.accounts.security.models import SecurityEvent
from app.accounts.security.query import SecurityFilter
from app.accounts.security.repository import SecurityEventRepository, Shown
from app.core.paging import Page, Position

LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Refused:
    """Sign-ins that were refused in the last 24 hours, and the networks they came from."""

    times: int
    networks: int


class SecurityTrail:
    """Events, in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._events = SecurityEventRepository(session)

    async def page(self, wanted: SecurityFilter, limit: int, after: Position | None) -> Page[Shown]:
        """What passes the filter, the newest first, from behind that place on."""
        found = await self._events.page(wanted, limit=limit + 1, after=after)
        return Page(found[:limit], await self._events.count(wanted), more=len(found) > limit)

    async def sign_ins(self, user_id: int, limit: int, after: Position | None = None) -> Page[SecurityEvent]:
        """The sign-ins of an account and those that were refused, the newest first, from behind that place on."""
        found = await self._events.sign_ins(user_id, limit=limit + 1, after=after)
        return Page(found[:limit], await self._events.count_sign_ins(user_id), more=len(found) > limit)

    async def signed_in_at(self, user_id: int, moments: Collection[datetime]) -> dict[datetime, SecurityEvent]:
        """The sign-ins by which the sessions of an account were opened at those moments, where that is certain."""
        around: dict[datetime, list[SecurityEvent]] = {}
        for moment, event in await self._events.sign_ins_around(user_id, moments):
            around.setdefault(moment, []).append(event)
        chosen = {moment: _the_one(moment, events) for moment, events in around.items()}
        return {moment: event for moment, event in chosen.items() if event is not None}

    async def refused_lately(self) -> Refused:
        """What the shop as a whole has refused of sign-ins."""
        return Refused(*await self._events.refused(REFUSED_SIGN_INS, LATELY))


def _the_one(moment: datetime, events: Sequence[SecurityEvent]) -> SecurityEvent | None:
    """The event that was counted at that moment; None where several were under way and none of them says so."""
    exact = [event for event in events if moment in {event.created_at, event.last_at}]
    certain = exact or events
    return certain[0] if len(certain) == 1 else None


async def purge_security_events(session: AsyncSession, days: int) -> int:
    """Delete a batch of the events that are older than so many days; how many."""
    return await SecurityEventRepository(session).purge(timedelta(days=days))
