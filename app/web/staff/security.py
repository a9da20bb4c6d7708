"""Security events: who came in, who was refused, what changed about accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.security.client import Network
from app.accounts.security.deps import Trail
from app.accounts.security.kinds import REFUSALS, Kind
from app.accounts.security.models import SecurityEvent
from app.accounts.security.query import MAX_ID, SecurityFilter, read_network
from app.accounts.security.trail import Refused
from app.core.deps import CursorsDep
from app.web.access import Staff
from app.web.page import PageContext, render
from app.web.paging import page_begins
from app.web.route import PrivatePageRoute
from app.web.security_words import NAMES, sentence
from app.web.staff.query_params import PER_PAGE, address, end_of, start_of

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
SECURITY = "/staff/security"
FIELDS = ("kind", "email", "network", "from", "to")


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, ready to be shown; `email` is the address of its account."""

    event: SecurityEvent
    email: str | None

    @property
    def sentence(self) -> str:
        return sentence(self.event)

    @property
    def is_refusal(self) -> bool:
        return self.event.kind in REFUSALS


@dataclass(frozen=True, slots=True)
class SecurityPage(PageContext):
    """A page of events; `following` leads to the next. `names` are those of the kinds, for the filter."""

    template: ClassVar[str] = "staff/security.html"
    asked: dict[str, str]
    happenings: list[Happening]
    total: int
    following: str | None
    refused: Refused
    names: Mapping[Kind, str]


@router.get(SECURITY)
async def show_events(request: Request, _: Staff, trail: Trail, cursors: CursorsDep) -> Response:
    """What happened, the newest first."""
    asked = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    wanted = SecurityFilter(
        kind=Kind(asked["kind"]) if asked["kind"] in set(Kind) else None,
        email=asked["email"] or None,
        network=_network(asked["network"]),
        created_from=start_of(asked["from"]),
        created_to=end_of(asked["to"]),
    )
    scope = f"staff security {sorted(asked.items())}"
    page = await trail.page(wanted, PER_PAGE, page_begins(request, cursors, scope, SECURITY, MAX_ID))
    following = None
    if page.more:
        last = page.entries[-1][0]
        following = address(SECURITY, asked | {"cursor": cursors.behind_row(scope, last.created_at, last.id)})
    happenings = [Happening(*entry) for entry in page.entries]
    return render(
        request, SecurityPage(asked, happenings, page.total, following, await trail.refused_lately(), NAMES)
    )


def _network(text: str) -> Network | None:
    try:
        return read_network(text)
    except ValueError:
        return None
