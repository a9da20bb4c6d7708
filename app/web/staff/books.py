"""The catalogue: found, added, changed and taken off sale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request, Response

from app.catalog.deps import BookId, Books, Genres
from app.catalog.errors import PageTooDeep
from app.catalog.query import BookFilter, BookQuery
from app.catalog.rules import DEEPEST_ROW
from app.catalog.schemas import BookCreate
from app.catalog.view import BookView, GenreView
from app.core.errors import DomainError
from app.core.parts import SETTINGS
from app.web.access import Staff
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.query_params import PER_PAGE, address, last_page, number, page_number
from app.web.staff.uploads import COVER, upload_action
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
MAX_WORDS = 200
STOCKS: Mapping[str, tuple[str, bool | None]] = {
    "": ("All books", None),
    "in": ("On hand", True),
    "out": ("Sold out", False),
}
MAY_BE_BLANK = ("isbn", "genre_id", "description", "cover_image_url", "publish_date", "weight_grams")


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the address of the list."""

    q: str = ""
    stock: str = ""
    genre: int | None = None
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Asked":
        """What makes no sense is left out."""
        stock = given.get("stock", "")
        return cls(
            given.get("q", "").strip()[:MAX_WORDS],
            stock if stock in STOCKS else "",
            number(given.get("genre", "")),
            page_number(given),
        )

    @property
    def query(self) -> BookQuery:
        """The question to the catalogue."""
        wanted = BookFilter(genre_id=self.genre, in_stock=STOCKS[self.stock][1])
        return BookQuery(self.q or None, wanted, page=self.page, size=PER_PAGE)

    def link(self, page: int) -> str:
        """The address of another page of the same."""
        given = {"q": self.q, "stock": self.stock, "genre": self.genre, "page": page if page > 1 else None}
        return address("/staff/books", given)


@dataclass(frozen=True, slots=True)
class BooksPage(PageContext):
    """A page of the books that fit."""

    template: ClassVar[str] = "staff/books.html"
    asked: Asked
    books: list[BookView]
    total: int
    last: int
    genres: list[GenreView]
    stocks: list[tuple[str, str]]

    @property
    def genre_names(self) -> dict[int, str]:
        return {genre.id: genre.name for genre in self.genres}


@dataclass(frozen=True, slots=True)
class StaffBookPage(PageContext):
    """The form of a book; `book` is None for a new one."""

    template: ClassVar[str] = "staff/book.html"
    form: Form
    book: BookView | None
    genres: list[GenreView]
    cover_action: str
    max_cover_mb: int

    @property
    def choices(self) -> list[tuple[int, str]]:
        return [(genre.id, genre.name) for genre in self.genres]

    @property
    def is_recommended(self) -> bool:
        """What the box shows."""
        sent = self.form.values
        return sent.get("recommended") == "1" if sent else bool(self.book and self.book.picked_at)


@dataclass(frozen=True, slots=True)
class DeletePage(PageContext):
    """Asks once more."""

    template: ClassVar[str] = "staff/book_delete.html"
    book: BookView


@router.get("/staff/books")
async def show_books(request: Request, _: Staff, books: Books, genres: Genres) -> Response:
    """The catalogue by title, or what a search finds."""
    asked = Asked.read(request.query_params)
    try:
        found = await books.page(asked.query)
    except PageTooDeep as error:
        raise Answered(see_other(asked.link(1))) from error
    last = last_page(min(found.total, DEEPEST_ROW))
    stocks = [(name, label) for name, (label, _) in STOCKS.items()]
    return render(request, BooksPage(asked, found.items, found.total, last, await genres.all(), stocks))


@router.get("/staff/books/new")
async def blank(request: Request, _: Staff, genres: Genres) -> Response:
    """The form of a new book."""
    return _form(request, Form(), None, await genres.all())


@router.post("/staff/books/new")
async def create(
    request: Request, sent: Sent, staff: Staff, visitor: AnyVisitor, books: Books, genres: Genres
) -> Response:
    """Add the book; its stock and cover are the next steps."""
    columns, shelves = _columns(sent), await genres.all()
    if columns is None:
        return _form(request, sent, None, shelves)
    try:
        book = await books.create(columns, staff)
        await books.recommend(book.id, sent.get("recommended") == "1", staff)
    except DomainError as error:
        sent.refuse(error)
        raise Answered(_form(request, sent, None, shelves)) from error
    visitor.flash("The book is in the catalogue. Give it a cover and some stock now.")
    return see_other(f"/staff/books/{book.id}")


@router.get("/staff/books/{book_id:int}")
async def show(request: Request, book_id: BookId, _: Staff, books: Books, genres: Genres) -> Response:
    """The form of a book."""
    return _form(request, Form(), await books.get(book_id), await genres.all())


@router.post("/staff/books/{book_id:int}")
async def change(
    request: Request, book_id: BookId, sent: Sent, staff: Staff, visitor: AnyVisitor, books: Books, genres: Genres
) -> Response:
    """Change what the form says, and nothing of the stock."""
    book, shelves = await books.get(book_id), await genres.all()
    columns = _columns(sent)
    if columns is None:
        return _form(request, sent, book, shelves)
    try:
        await books.change(book_id, columns, staff)
        await books.recommend(book_id, sent.get("recommended") == "1", staff)
    except DomainError as error:
        sent.refuse(error)
        raise Answered(_form(request, sent, book, shelves)) from error
    visitor.flash("Saved.")
    return see_other(f"/staff/books/{book_id}")


@router.get("/staff/books/{book_id:int}/delete")
async def ask(request: Request, book_id: BookId, _: Staff, books: Books) -> Response:
    """What goes when the book goes."""
    return render(request, DeletePage(await books.get(book_id)))


@router.post("/staff/books/{book_id:int}/delete")
async def delete(book_id: BookId, staff: Staff, visitor: AnyVisitor, books: Books) -> Response:
    """Take it off sale for good."""
    title = (await books.get(book_id)).title
    await books.delete(book_id, staff)
    visitor.flash(f"“{title}” is no longer in the catalogue.")
    return see_other("/staff/books")


def _columns(sent: Form) -> dict[str, Any] | None:
    """What the form says of a book; None when something is wrong with it. Lines end as they do in the database."""
    sent.values = {name: value.replace("\r\n", "\n") for name, value in sent.values.items()}
    read = sent.parse(BookCreate, blank_is_null=MAY_BE_BLANK)
    return None if read is None else read.model_dump(exclude_unset=True)


def _form(request: Request, form: Form, book: BookView | None, genres: list[GenreView]) -> Response:
    """It asks the database nothing: a refusal may have ended the transaction."""
    action = upload_action(request, COVER, book=book.id) if book else ""
    megabytes = SETTINGS.of(request).upload_max_bytes // 1_000_000
    page = StaffBookPage(form, book, genres, action, megabytes)
    return render(request, page, 422 if form.errors else 200)
