"""Stock: what is running out, and every change of a book's copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request, Response

from app.admin.deps import Restock
from app.catalog.deps import BookId, Books, Stock
from app.catalog.models import StockMovement
from app.catalog.query import BookQuery
from app.catalog.rules import DEEPEST_ROW, MAX_STOCK
from app.catalog.schemas import StockAdjustment, StockSet
from app.catalog.view import AnyBook
from app.core.errors import DomainError
from app.web.access import Staff, own_path
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render, shop_of
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.books import MAX_WORDS
from app.web.staff.query_params import PER_PAGE, address, last_page, page_number
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)


@dataclass(frozen=True, slots=True)
class ScarcePage(PageContext):
    """Books with few copies, or those that a search finds."""

    template: ClassVar[str] = "staff/stock.html"
    q: str
    at_most: int
    number: int
    total: int
    books: Sequence[AnyBook]

    @property
    def last(self) -> int:
        return last_page(min(self.total, DEEPEST_ROW))

    def link(self, number: int) -> str:
        """The address of another page of the same."""
        asked = {"q": self.q} if self.q else {"at_most": self.at_most}
        return address("/staff/stock", asked | {"page": number if number > 1 else None})


@dataclass(frozen=True, slots=True)
class StockPage(PageContext):
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
        return last_page(self.total)

    def link(self, number: int) -> str:
        """The address of other movements."""
        return address(f"/staff/stock/{self.book.id}", {"page": number if number > 1 else None})


class StockOfBook:
    """The stock of the book in the address, and its page."""

    def __init__(self, book_id: int, request: Request, books: Books, stock: Stock) -> None:
        self.id = book_id
        self._request, self._books, self._stock = request, books, stock

    async def page(self, *, setting: Form | None = None, adjusting: Form | None = None) -> Response:
        """The page, with what was sent and refused in its form."""
        number = page_number(self._request.query_params)
        book = await self._books.get(self.id)
        total, movements = await self._stock.movements(self.id, (number - 1) * PER_PAGE, PER_PAGE)
        forms = (setting or Form(), adjusting or Form())
        shown = StockPage(*forms, book, movements, total, number)
        return render(self._request, shown, 422 if forms[0].errors or forms[1].errors else 200)


async def stock_of_book(book_id: BookId, request: Request, books: Books, stock: Stock) -> StockOfBook:
    """As the address says."""
    return StockOfBook(book_id, request, books, stock)


@router.get("/staff/stock")
async def show_scarce(request: Request, _: Staff, stock: Stock, books: Books) -> Response:
    """The books with the fewest copies first, or what a search finds."""
    asked = request.query_params
    at_most, page = (
        _few(asked.get("at_most", ""), shop_of(request).selling.low_stock_threshold),
        min(page_number(asked), last_page(DEEPEST_ROW)),
    )
    words = asked.get("q", "").strip()[:MAX_WORDS]
    if words:
        hits = await books.page(BookQuery(words, page=page, size=PER_PAGE))
        return render(request, ScarcePage(words, at_most, page, hits.total, hits.items))
    total, found = await stock.scarce(at_most, (page - 1) * PER_PAGE, PER_PAGE)
    return render(request, ScarcePage("", at_most, page, total, found))


@router.get("/staff/stock/{book_id:int}")
async def show_stock(_: Staff, one: Annotated[StockOfBook, Depends(stock_of_book)]) -> Response:
    """The copies of a book."""
    return await one.page()


@router.post("/staff/stock/{book_id:int}/set")
async def set_stock(
    one: Annotated[StockOfBook, Depends(stock_of_book)],
    sent: Sent,
    staff: Staff,
    visitor: AnyVisitor,
    restock: Restock,
) -> Response:
    """So many copies there are."""
    wanted = sent.parse(StockSet)
    if wanted is None:
        return await one.page(setting=sent)
    book = await restock.set_stock(one.id, wanted.quantity, wanted.reason, staff)
    visitor.flash(f"{book.stock_quantity} on hand now.")
    return see_other(f"/staff/stock/{one.id}")


@router.post("/staff/stock/{book_id:int}/adjust")
async def adjust_stock(
    one: Annotated[StockOfBook, Depends(stock_of_book)],
    sent: Sent,
    staff: Staff,
    visitor: AnyVisitor,
    restock: Restock,
) -> Response:
    """So many copies came or went."""
    wanted = sent.parse(StockAdjustment)
    if wanted is None:
        return await one.page(adjusting=sent)
    try:
        movement = await restock.adjust_stock(one.id, wanted.delta, wanted.kind, wanted.reason, staff)
    except DomainError as error:
        sent.refuse(error)
        raise Answered(await one.page(adjusting=sent)) from error
    if movement is not None:
        visitor.flash(f"“{movement.book_title}”: {movement.quantity_after} on hand now.")
    return see_other(own_path(sent.get("next"), f"/staff/stock/{one.id}"))


def _few(text: str, otherwise: int) -> int:
    """How many copies are few."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_STOCK))
    return min(int(text), MAX_STOCK) if is_number else otherwise
