"""All books: search, filters, order and pages."""

from dataclasses import dataclass
from math import ceil
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from app.catalog.deps import Books, Genres
from app.catalog.errors import SearchTooLong
from app.catalog.query import BookQuery
from app.catalog.view import BookView, GenreView
from app.core.parts import KEYS
from app.web.covers.links import cover_path
from app.web.page import PageContext, render
from app.web.route import PageRoute
from app.web.storefront.shop_query import MAX_WORDS, SIZE, SORTS, ShopQuery
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)
DEEPEST_ROW = 10_000
SUGGESTIONS = 6


@dataclass(frozen=True, slots=True)
class ShopPage(PageContext):
    """A page of the books that fit."""

    template: ClassVar[str] = "shop/shop.html"
    asked: ShopQuery
    books: list[BookView]
    total: int
    last: int
    genres: list[GenreView]
    sorts: list[tuple[str, str]]

    @property
    def genre(self) -> str | None:
        """The name of the genre that was chosen."""
        return next((genre.name for genre in self.genres if genre.id == self.asked.genre), None)

    @property
    def heading(self) -> str:
        """What is shown."""
        if self.asked.q:
            return f"Results for “{self.asked.q}”"
        return self.genre or (f"Books by {self.asked.author}" if self.asked.author else "All books")


@router.get("/shop")
async def shop(request: Request, books: Books, genres: Genres, _: AnyVisitor) -> Response:
    """The books that fit the address."""
    asked = ShopQuery.read(request.query_params)
    found = await books.page(asked.asked())
    last = max(1, ceil(min(found.total, DEEPEST_ROW // SIZE * SIZE) / SIZE))
    sorts = [(name, label) for name, (label, _, _) in SORTS.items()]
    return render(request, ShopPage(asked, found.items, found.total, last, await genres.all(), sorts))


@router.get("/shop/suggest")
async def suggest(request: Request, books: Books, q: str = "") -> Response:
    """The first hits for what is being typed."""
    words = q.strip()[:MAX_WORDS]
    try:
        found = (await books.page(BookQuery(words, size=SUGGESTIONS))).items if words else []
    except SearchTooLong:
        found = []
    key = KEYS.of(request).covers.signing
    listed = [
        {
            "title": book.title,
            "author": book.author,
            "path": f"/shop/books/{book.id}",
            "cover": cover_path(key, book),
            "on_hand": book.stock_quantity > 0,
        }
        for book in found
    ]
    return JSONResponse(listed, headers={"Cache-Control": "private, max-age=30"})
