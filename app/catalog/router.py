"""Genres, books and the ledger of their stock."""

from math import ceil
from typing import Any

from fastapi import APIRouter, Depends, Response

from app.accounts.deps import AdminUser
from app.catalog.deps import BookId, BookParams, Books, Genres, Question, Stock
from app.catalog.schemas import (
    BookCreate,
    BookList,
    BookOut,
    BookUpdate,
    BookWithFigures,
    GenreCreate,
    GenreOut,
    MovementList,
    MovementOut,
    written,
)
from app.catalog.view import BookView
from app.core.db.route import TransactionRoute, only_reads
from app.core.deps import CursorsDep, PageNumber, PageSize
from app.core.middleware import storable_text
from app.core.openapi import problems, query_parameters
from app.core.paging import next_link

router = APIRouter(route_class=TransactionRoute)
PUBLIC = [Depends(storable_text)]
LINK: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"Link": {"description": 'RFC 8288 `rel="next"`, without `q`', "schema": {"type": "string"}}}}
}


@router.get("/genres", tags=["genres"], summary="List genres", dependencies=PUBLIC)
@only_reads
async def list_genres(genres: Genres) -> list[GenreOut]:
    """All genres by name, in code-point order."""
    return [GenreOut.model_validate(genre) for genre in await genres.all()]


@router.post(
    "/genres",
    tags=["genres"],
    status_code=201,
    summary="Add a genre",
    responses=problems("GENRE_CONFLICT", "GENRE_LIMIT"),
)
async def create_genre(body: GenreCreate, admin: AdminUser, genres: Genres) -> GenreOut:
    """A name may exist once; upper and lower case count as different."""
    return GenreOut.model_validate(await genres.create(body.name, admin))


@router.get(
    "/books",
    tags=["books"],
    response_model=BookList,
    openapi_extra={"parameters": query_parameters(BookParams)},
    summary="List or search books",
    responses=problems("PAGE_TOO_DEEP", "SEARCH_TOO_LONG") | LINK,
    dependencies=PUBLIC,
)
@only_reads
async def list_books(question: Question, books: Books, cursors: CursorsDep) -> Response:
    """Filters combine with AND. Without `q`, a page with more to follow carries a `Link` header to the next.

    Every word of `q` must begin a word of title or author; when nothing matches, similar words do. Page numbers reach
    the first 10000 books, cursors all of them.
    """
    page = await books.page(question)
    content = written(page.items, total=page.total, page=page.page, size=page.size)
    response = Response(content, media_type="application/json")
    if page.following:
        cursor = cursors.behind(question.scope, *page.following)
        response.headers["Link"] = next_link("/books", **question.parameters, cursor=cursor)
    return response


@router.get(
    "/books/{book_id}",
    tags=["books"],
    response_model=BookWithFigures,
    summary="Show a book",
    responses=problems("BOOK_NOT_FOUND"),
    dependencies=PUBLIC,
)
@only_reads
async def show_book(book_id: BookId, books: Books) -> BookView:
    """The book with the figures of its reviews."""
    return await books.get(book_id)


@router.post(
    "/books",
    tags=["books"],
    status_code=201,
    summary="Add a book",
    responses=problems("GENRE_NOT_FOUND", "BOOK_ISBN_CONFLICT"),
)
async def create_book(body: BookCreate, admin: AdminUser, books: Books) -> BookOut:
    """The stock starts at 0 and is set by the stock operations."""
    return BookOut.model_validate(await books.create(body.model_dump(exclude_unset=True), admin))


@router.put(
    "/books/{book_id}",
    tags=["books"],
    summary="Change a book",
    responses=problems("BOOK_NOT_FOUND", "GENRE_NOT_FOUND", "BOOK_ISBN_CONFLICT"),
)
async def change_book(book_id: BookId, body: BookUpdate, admin: AdminUser, books: Books) -> BookOut:
    """Only the keys that are present change; null clears what may be empty. The stock is not changed here."""
    return BookOut.model_validate(await books.change(book_id, body.model_dump(exclude_unset=True), admin))


@router.delete(
    "/books/{book_id}", tags=["books"], status_code=204, summary="Remove a book", responses=problems("BOOK_NOT_FOUND")
)
async def delete_book(book_id: BookId, admin: AdminUser, books: Books) -> None:
    """Cart lines, wishlist entries, pre-bookings and reviews go with it; orders keep their snapshot of it."""
    await books.delete(book_id, admin)


@router.get(
    "/books/{book_id}/stock/movements",
    tags=["stock"],
    summary="List stock movements",
    responses=problems("BOOK_NOT_FOUND"),
)
async def list_movements(
    book_id: BookId, _: AdminUser, stock: Stock, page: PageNumber = 1, per_page: PageSize = 20
) -> MovementList:
    """Every change of the book's stock, the newest first; the stock is their sum."""
    total, movements = await stock.movements(book_id, (page - 1) * per_page, per_page)
    items = [MovementOut.model_validate(movement) for movement in movements]
    return MovementList(
        items=items, total_count=total, page=page, per_page=per_page, total_pages=ceil(total / per_page)
    )
