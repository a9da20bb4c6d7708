"""The front door."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.catalog.deps import ShelvesDep
from app.catalog.models import Book
from app.core.db.route import Session
from app.orders.best_sellers import BEST_SELLERS
from app.web.page import PageContext, render
from app.web.route import PageRoute
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)
NEW, BEST, PICKS, SHELVES = 6, 6, 3, 24


@dataclass(frozen=True, slots=True)
class HomePage(PageContext):
    """`front` are the covers of the hero; `picks` are pairs of genre and books."""

    template: ClassVar[str] = "shop/home.html"
    front: list[Book]
    new: list[Book]
    best: list[Book]
    picks: list[tuple[str, list[Book]]]


@router.get("/")
async def home(request: Request, session: Session, shelves: ShelvesDep, _: AnyVisitor) -> Response:
    """What is new, what sells, what the staff recommend."""
    new = await shelves.new(NEW)
    best = await shelves.named(await BEST_SELLERS.of(request).ids(session, BEST))
    picks = await shelves.picks(PICKS, SHELVES)
    front = [books[0] for _, books in picks][:3] or (best or new)[:3]
    return render(request, HomePage(front, new, best, picks))
