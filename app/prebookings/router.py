"""GET /prebooks: waiting for books that are sold out."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.accounts.deps import CurrentUser
from app.core.db.route import TransactionRoute
from app.core.deps import LIST_HEADERS, CursorsDep, CursorText, OptionalLimit
from app.core.openapi import problems
from app.core.paging import next_link
from app.core.values import Id
from app.prebookings.deps import PreBookings
from app.prebookings.schemas import PreBookingList, PreBookingOut, PreBookRequest

router = APIRouter(prefix="/prebooks", tags=["pre-bookings"], route_class=TransactionRoute)


@router.get("", summary="List own pre-bookings", responses={200: {"headers": LIST_HEADERS}})
async def list_pre_bookings(
    user: CurrentUser,
    bookings: PreBookings,
    response: Response,
    cursors: CursorsDep,
    limit: OptionalLimit = None,
    cursor: CursorText = None,
) -> PreBookingList:
    """The caller's pre-bookings in all states, the newest first."""
    scope = f"pre-bookings of {user.id}"
    page = await bookings.page(user.id, limit, cursors.position(scope, cursor))
    response.headers["X-Total-Count"] = str(page.total)
    if page.more:
        last = page.entries[-1]
        following = cursors.behind_row(scope, last.created_at, last.id)
        response.headers["Link"] = next_link("/prebooks", limit=limit, cursor=following)
    return PreBookingList(items=[PreBookingOut.model_validate(booking) for booking in page.entries])


@router.post(
    "",
    status_code=201,
    summary="Wait for a sold-out book",
    responses=problems("BOOK_NOT_FOUND", "PREBOOK_BOOK_IN_STOCK", "PREBOOK_DUPLICATE", "PREBOOK_LIMIT"),
)
async def pre_book(body: PreBookRequest, user: CurrentUser, bookings: PreBookings) -> PreBookingOut:
    """The next restock tells the caller by mail and in `GET /notifications`, once. No copy is reserved."""
    return PreBookingOut.model_validate(await bookings.add(user.id, body.book_id))


@router.delete(
    "/{prebook_id}",
    status_code=204,
    summary="Cancel a pre-booking",
    responses=problems("PREBOOK_NOT_FOUND", "PREBOOK_ALREADY_CANCELLED"),
)
async def cancel_pre_booking(
    prebook_id: Annotated[Id, Path(description="Id of a pre-booking")], user: CurrentUser, bookings: PreBookings
) -> None:
    """It stays listed. One that was notified may be cancelled too."""
    await bookings.cancel(user.id, prebook_id)
