"""The audit trail: who did what, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response

from app.audit.deps import Trail
from app.audit.models import AuditEvent
from app.audit.schemas import AuditFilter
from app.core.deps import CursorsDep
from app.web.access import Staff
from app.web.formats import words
from app.web.page import PageContext, render
from app.web.paging import page_begins
from app.web.route import PrivatePageRoute
from app.web.staff.query_params import PER_PAGE, address, end_of, number, start_of

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute, prefix="/staff/audit")
FIELDS = ("action", "subject", "id", "actor", "from", "to")
SUBJECTS = ("book", "genre", "order", "review", "user", "mail", "image")
PAGES = {"book": "/staff/books/", "order": "/staff/orders/", "user": "/staff/users/", "mail": "/staff/mails/"}
CODED = {"status", "role", "kind"}  # values of these are codes of ours
MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Change:
    """A value that changed; None where there was or is none."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One action of staff, ready to be shown."""

    event: AuditEvent

    @property
    def changes(self) -> list[Change]:
        """What changed, by the names of the values."""
        before, after = self.event.before or {}, self.event.after or {}
        return [Change(name, _read(name, before), _read(name, after)) for name in {**before, **after}]

    @property
    def path(self) -> str | None:
        """Where its subject is shown."""
        page = PAGES.get(self.event.subject)
        return f"{page}{self.event.subject_id}" if page and self.event.subject_id else None


@dataclass(frozen=True, slots=True)
class AuditPage(PageContext):
    """A page of lines; `following` leads to the next."""

    template: ClassVar[str] = "staff/audit.html"
    asked: dict[str, str]
    lines: list[AuditLine]
    total: int
    following: str | None
    subjects: tuple[str, ...]


def _read(name: str, values: Mapping[str, Any]) -> Any:
    """A value as people say it."""
    value = values.get(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words(value) if name in CODED and isinstance(value, str) else value


@router.get("")
async def show_trail(request: Request, _: Staff, trail: Trail, cursors: CursorsDep) -> Response:
    """Audit log, the newest first."""
    asked = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    wanted = AuditFilter(
        action=asked["action"] or None,
        subject=asked["subject"] or None,
        subject_id=number(asked["id"]) if asked["subject"] else None,
        actor_user_id=number(asked["actor"]),
        created_from=start_of(asked["from"]),
        created_to=end_of(asked["to"]),
    )
    scope = f"staff audit {sorted(asked.items())}"
    position = page_begins(request, cursors, scope, address("/staff/audit", asked), MAX_ID)
    page = await trail.page(wanted, PER_PAGE, position)
    following = None
    if page.more:
        last = page.entries[-1]
        cursor = cursors.behind_row(scope, last.created_at, last.id)
        following = address("/staff/audit", asked | {"cursor": cursor})
    lines = [AuditLine(event) for event in page.entries]
    return render(request, AuditPage(asked, lines, page.total, following, SUBJECTS))
