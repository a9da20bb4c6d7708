"""GET /admin/audit."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.accounts.deps import AdminUser, NoStoreRoute
from app.audit.deps import Trail
from app.audit.schemas import AuditEventOut, AuditFilter
from app.core.deps import LIST_HEADERS, CursorsDep, CursorText, Limit
from app.core.errors import invalid_input
from app.core.paging import next_link
from app.core.values import Id, Moment

router = APIRouter(prefix="/admin/audit", tags=["audit"], route_class=NoStoreRoute)

MAX_ID = 2**63 - 1


async def get_filter(
    action: Annotated[str | None, Query(max_length=60, description="Exact, such as `book.changed`")] = None,
    subject: Annotated[str | None, Query(max_length=40, description="Exact, such as `book`")] = None,
    subject_id: Annotated[Id | None, Query(description="Goes with `subject` only")] = None,
    actor_user_id: Annotated[Id | None, Query(description="Who did it")] = None,
    created_from: Annotated[Moment | None, Query(description="Inclusive; ISO 8601, UTC without offset")] = None,
    created_to: Annotated[Moment | None, Query(description="Exclusive; ISO 8601, UTC without offset")] = None,
) -> AuditFilter:
    """The filters, which combine with AND."""
    if subject_id is not None and subject is None:
        raise invalid_input("query", "subject_id", message="goes with subject only: ids of different kinds are alike")
    return AuditFilter(action, subject, subject_id, actor_user_id, created_from, created_to)


Filter = Annotated[AuditFilter, Depends(get_filter)]


@router.get("", summary="List what staff did", responses={200: {"headers": LIST_HEADERS}})
async def list_audit_events(
    _: AdminUser,
    trail: Trail,
    response: Response,
    wanted: Filter,
    cursors: CursorsDep,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> list[AuditEventOut]:
    """Who did what, with the values before and after; the newest first. Filters combine with AND."""
    scope = f"audit {sorted(wanted.parameters.items())}"
    page = await trail.page(wanted, limit, cursors.position(scope, cursor, MAX_ID))
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        last = page.entries[-1]
        following = cursors.behind_row(scope, last.created_at, last.id)
        response.headers["Link"] = next_link("/admin/audit", limit=limit, cursor=following, **wanted.parameters)
    return [AuditEventOut.model_validate(event) for event in page.entries]
