"""The first page of an account."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.accounts.schemas import AccountOut
from app.accounts.service_deps import Accounts, Sessions
from app.addresses.deps import Addresses
from app.orders.deps import Orders
from app.orders.models import Order
from app.prebookings.deps import PreBookings
from app.web.access import Reader
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute
from app.wishlist.deps import Wishlists

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
LATEST = 3


@dataclass(frozen=True, slots=True)
class OverviewPage(PageContext):
    """The account with its latest orders, and how much there is of the rest."""

    template: ClassVar[str] = "account/overview.html"
    account: AccountOut
    latest: list[Order]
    orders: int
    wishes: int
    waiting: int
    sessions: int
    addresses: int


@router.get("/account")
async def overview(
    request: Request,
    reader: Reader,
    accounts: Accounts,
    orders: Orders,
    wishlists: Wishlists,
    bookings: PreBookings,
    sessions: Sessions,
    addresses: Addresses,
) -> Response:
    """What there is to see, at a glance."""
    found = await orders.of_user(reader.id, LATEST, None)
    page = OverviewPage(
        account=AccountOut.of(await accounts.profile(reader.id)),
        latest=found.entries,
        orders=found.total,
        wishes=await wishlists.count(reader.id),
        waiting=await bookings.count_waiting(reader.id),
        sessions=len(await sessions.open_sessions(reader.id)),
        addresses=await addresses.count(reader.id),
    )
    return render(request, page)
