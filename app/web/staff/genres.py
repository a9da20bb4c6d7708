"""The genres: added, renamed, and taken away when no book has them."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Path, Request, Response

from app.catalog.deps import Genres
from app.catalog.models import Genre
from app.catalog.schemas import GenreCreate
from app.core.errors import DomainError
from app.core.values import Id
from app.web.access import Staff
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
GenreId = Annotated[Id, Path()]


@dataclass(frozen=True, slots=True)
class GenresPage(PageContext):
    """All genres with the number of their books; `form` is that of a new one."""

    template: ClassVar[str] = "staff/genres.html"
    form: Form
    shelves: list[tuple[Genre, int]]


@dataclass(frozen=True, slots=True)
class GenrePage(PageContext):
    """The name of a genre."""

    template: ClassVar[str] = "staff/genre.html"
    form: Form
    genre: Genre
    books: int


@router.get("/staff/books/genres")
async def show_genres(request: Request, _: Staff, genres: Genres) -> Response:
    """All genres."""
    return render(request, GenresPage(Form(), await genres.shelves()))


@router.post("/staff/books/genres")
async def create_genre(request: Request, sent: Sent, staff: Staff, visitor: AnyVisitor, genres: Genres) -> Response:
    """Add one."""
    wanted = sent.parse(GenreCreate)
    if wanted is None:
        return render(request, GenresPage(sent, await genres.shelves()), 422)
    try:
        await genres.create(wanted.name, staff)
    except DomainError as error:
        sent.refuse(error)
        raise Answered(render(request, GenresPage(sent, await genres.shelves()), 409)) from error
    visitor.flash(f"“{wanted.name}” is a genre now.")
    return see_other("/staff/books/genres")


@router.get("/staff/books/genres/{genre_id:int}")
async def show_genre(request: Request, genre_id: GenreId, _: Staff, genres: Genres) -> Response:
    """The name of a genre, and whether it can go."""
    return render(request, GenrePage(Form(), *await genres.shelf(genre_id)))


@router.post("/staff/books/genres/{genre_id:int}")
async def rename_genre(
    request: Request, genre_id: GenreId, sent: Sent, staff: Staff, visitor: AnyVisitor, genres: Genres
) -> Response:
    """Give it another name."""
    shelf = await genres.shelf(genre_id)
    wanted = sent.parse(GenreCreate)
    if wanted is None:
        return render(request, GenrePage(sent, *shelf), 422)
    try:
        await genres.rename(genre_id, wanted.name, staff)
    except DomainError as error:
        sent.refuse(error)
        raise Answered(render(request, GenrePage(sent, *shelf), 409)) from error
    visitor.flash("Saved.")
    return see_other("/staff/books/genres")


@router.post("/staff/books/genres/{genre_id:int}/delete")
async def remove_genre(genre_id: GenreId, staff: Staff, visitor: AnyVisitor, genres: Genres) -> Response:
    """Take it away, unless books have it."""
    try:
        await genres.remove(genre_id, staff)
    except DomainError as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other("/staff/books/genres")) from error
    visitor.flash("The genre is gone.")
    return see_other("/staff/books/genres")
