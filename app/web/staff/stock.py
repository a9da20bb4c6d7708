"""Stock: what is running out, and every change of a book's copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from app.admin.deps import Restock
from app.catalog.deps import BookId, Books, Stock
from app.catalog.models import StockMovement
from app.catalog.query import BookQuery
from app.catalog.rules import DEEPEST_ROW, MAX_STOCK
from app.catalog.schemas import StockAdjustment, StockSet
from app.catalog.view import AnyBook
from app.core.errors import DomainError
from app.core.paging import MAX_PAGE
from app.web.access import Staff, own_path
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import Page, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.books import MAX_WORDS, number
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
SIZE, FEW = 25, 10


@dataclass(frozen=True, slots=True)
class ScarcePage(Page):
    """Books with few copies, or those that a search finds."""

    template: ClassVar[str] = "staff/stock.html"
    q: str
    at_most: int
    number: int
    total: int
    books: Sequence[AnyBook]

    @property
    def last(self) -> int:
        return max(1, ceil(min(self.total, DEEPEST_ROW) / SIZE))

    def link(self, number: int) -> str:
        """The address of another page of the same."""
        given = {"q": self.q} if self.q else {"at_most": self.at_most}
        return f"/staff/stock?{urlencode(given | ({'page': number} if number > 1 else {}))}"


@dataclass(frozen=True, slots=True)
class StockPage(Page):
    """The copies of a book and what became of them, the newest change first."""

    template: ClassVar[str] = "staff/stock_of_book.html"
    setting: Form
    adjusting: Form
    book: AnyBook
    movements: list[StockMovement]
    total: int
    number: int

    @property
    def last(self) -> int:
        return max(1, ceil(self.total / SIZE))

    def link(self, number: int) -> str:
        """The address of other movements."""
        return f"/staff/stock/{self.book.id}" + (f"?page={number}" if number > 1 else "")


@router.get("/staff/stock")
async def show_scarce(request: Request, _: Staff, stock: Stock, books: Books) -> Response:
    """The books with the fewest copies first, or what a search finds."""
    asked = request.query_params
    at_most, page = _few(asked.get("at_most", "")), min(number(asked, "page", MAX_PAGE) or 1, DEEPEST_ROW // SIZE)
    words = asked.get("q", "").strip()[:MAX_WORDS]
    if words:
        hits = await books.page(BookQuery(words, page=page, size=SIZE))
        return render(request, ScarcePage(words, at_most, page, hits.total, hits.items))
    total, found = await stock.scarce(at_most, (page - 1) * SIZE, SIZE)
    return render(request, ScarcePage("", at_most, page, total, found))


@router.get("/staff/stock/{book_id:int}")
async def show_stock(request: Request, book_id: BookId, _: Staff, books: Books, stock: Stock) -> Response:
    """The copies of a book."""
    return await _page(request, books, stock, book_id)


@router.post("/staff/stock/{book_id:int}/set")
async def set_stock(
    request: Request,
    book_id: BookId,
    sent: Sent,
    staff: Staff,
    visitor: AnyVisitor,
    books: Books,
    stock: Stock,
    restock: Restock,
) -> Response:
    """So many copies there are."""
    wanted = sent.parse(StockSet)
    if wanted is None:
        return await _page(request, books, stock, book_id, setting=sent)
    book = await restock.set_stock(book_id, wanted.quantity, wanted.reason, staff)
    visitor.say(f"{book.stock_quantity} on hand now.")
    return see_other(f"/staff/stock/{book_id}")


@router.post("/staff/stock/{book_id:int}/adjust")
async def adjust_stock(
    request: Request,
    book_id: BookId,
    sent: Sent,
    staff: Staff,
    visitor: AnyVisitor,
    books: Books,
    stock: Stock,
    restock: Restock,
) -> Response:
    """So many copies came or went."""
    wanted = sent.parse(StockAdjustment)
    if wanted is None:
        return await _page(request, books, stock, book_id, adjusting=sent)
    try:
        movement = await restock.adjust_stock(book_id, wanted.delta, wanted.kind, wanted.reason, staff)
    except DomainError as error:
        sent.refuse(error)
        raise Answered(await _page(request, books, stock, book_id, adjusting=sent)) from error
    if movement is not None:
        visitor.say(f"“{movement.book_title}”: {movement.quantity_after} on hand now.")
    return see_other(own_path(sent.get("next"), f"/staff/stock/{book_id}"))


async def _page(
    request: Request,
    books: Books,
    stock: Stock,
    book_id: int,
    *,
    setting: Form | None = None,
    adjusting: Form | None = None,
) -> Response:
    page = number(request.query_params, "page", MAX_PAGE) or 1
    book = await books.get(book_id)
    total, movements = await stock.movements(book_id, (page - 1) * SIZE, SIZE)
    forms = (setting or Form(), adjusting or Form())
    shown = StockPage(*forms, book, movements, total, page)
    return render(request, shown, 422 if forms[0].errors or forms[1].errors else 200)


def _few(text: str) -> int:
    """How many copies are few."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_STOCK))
    return min(int(text), MAX_STOCK) if is_number else FEW
