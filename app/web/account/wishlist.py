"""The wishlist of the reader."""

from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.cart.errors import BookOutOfStock, CartFull
from app.catalog.errors import BookNotFound
from app.core.deps import CursorsDep, CursorText
from app.core.values import Id
from app.web.access import Reader, own_path
from app.web.buying.deps import BasketDep
from app.web.errors import Answered
from app.web.forms import Sent
from app.web.page import PageContext, render
from app.web.paging import page_begins
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor
from app.wishlist.deps import Wishlists
from app.wishlist.errors import NotWished
from app.wishlist.models import Wish

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
WISHLIST, PER_PAGE = "/account/wishlist", 20


@dataclass(frozen=True, slots=True)
class WishlistPage(PageContext):
    """Some of `total` wishes, the newest first, with price and stock of the moment; `following` leads to others.

    `address` is that of this page, where what is done here leads back to.
    """

    template: ClassVar[str] = "account/wishlist.html"
    wishes: list[Wish]
    total: int
    following: str | None
    is_first: bool
    address: str


class Chosen(BaseModel):
    """A book of the list."""

    book_id: Id


@router.get(WISHLIST)
async def show(
    request: Request, reader: Reader, wishlists: Wishlists, cursors: CursorsDep, cursor: CursorText = None
) -> Response:
    """A page of the list."""
    scope = f"wishlist of {reader.id}"
    page = await wishlists.page(reader.id, PER_PAGE, page_begins(request, cursors, scope, WISHLIST))
    following = None
    if page.more:
        last = page.entries[-1]
        following = _address(cursors.behind_row(scope, last.added_at, last.id))
    shown = WishlistPage(page.entries, page.total, following, cursor is None, _address(cursor))
    return render(request, shown)


@router.post("/account/wishlist/move")
async def move(sent: Sent, visitor: AnyVisitor, reader: Reader, basket: BasketDep, wishlists: Wishlists) -> Response:
    """Into the basket, and off the list: both or neither."""
    chosen = sent.parse(Chosen)
    goal = own_path(sent.get("next"), WISHLIST)
    if chosen is None:
        return see_other(goal)
    try:
        await wishlists.remove(reader.id, chosen.book_id)
        await basket.add(chosen.book_id, 1)
    except (NotWished, BookNotFound, BookOutOfStock, CartFull) as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(goal)) from error
    visitor.flash("Moved to your basket.")
    return see_other(goal)


@router.post("/account/wishlist/remove")
async def remove(sent: Sent, visitor: AnyVisitor, reader: Reader, wishlists: Wishlists) -> Response:
    """Off the list; a second click does no harm."""
    chosen = sent.parse(Chosen)
    if chosen:
        with suppress(NotWished):
            await wishlists.remove(reader.id, chosen.book_id)
        visitor.flash("Taken off your wishlist.")
    return see_other(own_path(sent.get("next"), WISHLIST))


def _address(cursor: str | None) -> str:
    return f"{WISHLIST}?{urlencode({'cursor': cursor})}" if cursor else WISHLIST
