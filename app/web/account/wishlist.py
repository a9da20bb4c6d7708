"""The wishlist of the reader."""

from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.cart.errors import BookOutOfStock, CartFull
from app.catalog.errors import BookNotFound
from app.core.db.transaction import Session
from app.core.values import Id
from app.web.access import Reader
from app.web.buying.basket import Basket
from app.web.errors import Answered
from app.web.forms import Sent
from app.web.page import Page, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor
from app.wishlist.deps import Wishlists
from app.wishlist.errors import NotWished
from app.wishlist.models import Wish

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
WISHLIST = "/account/wishlist"


@dataclass(frozen=True, slots=True)
class WishlistPage(Page):
    """The wishes, the newest first, with price and stock of the moment."""

    template: ClassVar[str] = "account/wishlist.html"
    wishes: list[Wish]


class Chosen(BaseModel):
    """A book of the list."""

    book_id: Id


@router.get(WISHLIST)
async def show(request: Request, reader: Reader, wishlists: Wishlists) -> Response:
    """The list."""
    return render(request, WishlistPage(await wishlists.of_user(reader.id)))


@router.post("/account/wishlist/move")
async def move(sent: Sent, visitor: AnyVisitor, reader: Reader, session: Session, wishlists: Wishlists) -> Response:
    """Into the basket, and off the list: both or neither."""
    chosen = sent.parse(Chosen)
    if chosen is None:
        return see_other(WISHLIST)
    try:
        await wishlists.remove(reader.id, chosen.book_id)
        await Basket(session, visitor).add(chosen.book_id, 1)
    except (NotWished, BookNotFound, BookOutOfStock, CartFull) as error:
        visitor.say(error.detail, "bad")
        raise Answered(see_other(WISHLIST)) from error
    visitor.say("Moved to your basket.")
    return see_other(WISHLIST)


@router.post("/account/wishlist/remove")
async def remove(sent: Sent, visitor: AnyVisitor, reader: Reader, wishlists: Wishlists) -> Response:
    """Off the list; a second click does no harm."""
    chosen = sent.parse(Chosen)
    if chosen:
        with suppress(NotWished):
            await wishlists.remove(reader.id, chosen.book_id)
        visitor.say("Taken off your wishlist.")
    return see_other(WISHLIST)
