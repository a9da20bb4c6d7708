"""GET /notifications: what the shop has to tell its users."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import TypeAdapter, ValidationError

from app.accounts.deps import CurrentUser
from app.core.db.route import TransactionRoute
from app.core.deps import LIST_HEADERS, CursorsDep, CursorText, Limit
from app.core.openapi import problems
from app.core.paging import Cursors, damaged_cursor, next_link
from app.core.values import Id
from app.notices.deps import Notices
from app.notices.schemas import NoticeList, NoticeOut, UnreadCount

router = APIRouter(prefix="/notifications", tags=["notifications"], route_class=TransactionRoute)

_KEYS = TypeAdapter(tuple[Id])
OnlyUnread = Annotated[bool, Query(description="Only notices that were not read")]


@router.get("", summary="List own notices", responses={200: {"headers": LIST_HEADERS}})
async def list_notices(
    user: CurrentUser,
    notices: Notices,
    response: Response,
    cursors: CursorsDep,
    unread: OnlyUnread = False,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> NoticeList:
    """What the shop has to tell the caller, the newest first. `unread_count` is of all, whatever is listed."""
    scope = f"{'unread ' if unread else ''}notices of {user.id}"
    page = await notices.page(user.id, unread=unread, before=_position(cursors, scope, cursor), limit=limit)
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        following = cursors.behind(scope, page.notices[-1].id)
        filters = {"unread": "true"} if unread else {}
        response.headers["Link"] = next_link("/notifications", limit=limit, cursor=following, **filters)
    items = [NoticeOut.model_validate(notice) for notice in page.notices]
    return NoticeList(items=items, unread_count=page.unread)


@router.get("/unread-count", summary="Count unread notices")
async def count_unread(user: CurrentUser, notices: Notices) -> UnreadCount:
    """For a badge: how many notices the caller has not read."""
    return UnreadCount(unread_count=await notices.unread_count(user.id))


@router.post("/read-all", status_code=204, summary="Mark all notices as read")
async def mark_all_read(user: CurrentUser, notices: Notices) -> None:
    """All that the caller has at this moment."""
    await notices.mark_all_read(user.id)


@router.post(
    "/{notice_id}/read", status_code=204, summary="Mark a notice as read", responses=problems("NOTICE_NOT_FOUND")
)
async def mark_read(
    notice_id: Annotated[Id, Path(description="Id of a notice")], user: CurrentUser, notices: Notices
) -> None:
    """Once or more often: the time when it was first read stays."""
    await notices.mark_read(user.id, notice_id)


def _position(cursors: Cursors, scope: str, cursor: str | None) -> int | None:
    """Below which id a page begins."""
    if cursor is None:
        return None
    try:
        return _KEYS.validate_python(cursors.keys(scope, cursor))[0]
    except ValidationError as error:
        raise damaged_cursor() from error
