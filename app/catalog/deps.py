"""What the catalogue's operations are given."""

from dataclasses import replace
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams

from app.catalog.query import AskedPrice, BookFilter, BookQuery
from app.catalog.service import BookService, GenreService
from app.catalog.shelves import Shelves
from app.catalog.sorting import Direction, SortName
from app.catalog.stock import StockService
from app.core.db.route import Session, get_session
from app.core.deps import CursorsDep, CursorText, PageSize
from app.core.errors import invalid_input
from app.core.paging import MAX_PAGE
from app.core.parts import SETTINGS
from app.core.values import Id

BookId = Annotated[Id, Path(description="Id of a book")]
PriceBound = Annotated[AskedPrice | None, Query(description="Inclusive, in major units of the currency")]


REMEMBERED_BYTES = 1000
"""A longer query is not remembered: a thousand of them must not fill the memory."""


class BookParams(BaseModel):
    """The query of GET /books."""

    genre_id: Annotated[Id | None, Query(description="Exact")] = None
    author: Annotated[str | None, Query(max_length=255, description="Part of the name, in any case")] = None
    min_price: PriceBound = None
    max_price: PriceBound = None
    in_stock: Annotated[bool | None, Query(description="Only what is on hand, or only what is sold out")] = None
    q: Annotated[str | None, Query(max_length=200, description="Words of title and author, or an ISBN")] = None
    sort: Annotated[SortName, Query(description="Ignored with `q`")] = "title"
    sort_dir: Annotated[Direction | None, Query(description="Absent: `asc` for title and price, else `desc`")] = None
    page: Annotated[int | None, Query(ge=1, le=MAX_PAGE, description="Page, from 1; absent: 1")] = None
    size: PageSize = 20
    cursor: CursorText = None


async def get_query(request: Request, cursors: CursorsDep) -> BookQuery:
    """The whole question. The same ones are asked again and again: they are read once, unless they are long."""
    query_string: bytes = request.scope["query_string"]
    is_short = len(query_string) <= REMEMBERED_BYTES
    query, cursor = _remembered(query_string) if is_short else _read(query_string)
    return query if cursor is None else replace(query, after=tuple(cursors.keys(query.scope, cursor)))


@lru_cache(maxsize=1024)
def _remembered(query_string: bytes) -> tuple[BookQuery, str | None]:
    return _read(query_string)


def _read(query_string: bytes) -> tuple[BookQuery, str | None]:
    """The question without its cursor, and the cursor.

    A blank `q` counts as absent; of a parameter that is given twice the last one counts.
    """
    try:
        asked = BookParams.model_validate(dict(QueryParams(query_string)))
    except ValidationError as error:
        wrong = [{**told, "loc": ("query", *told["loc"])} for told in error.errors(include_url=False)]
        raise RequestValidationError(wrong) from error
    words = asked.q if asked.q and asked.q.strip() else None
    if asked.cursor is not None and (words or asked.page is not None):
        raise invalid_input("query", "cursor", message="goes with neither q nor page")
    filters = BookFilter(asked.genre_id, asked.author, asked.min_price, asked.max_price, asked.in_stock)
    query = BookQuery(words, filters, asked.sort, asked.sort_dir, asked.page or 1, asked.size)
    return query, asked.cursor


async def get_books(request: Request) -> BookService:
    """Books on the session of this request."""
    return BookService(await get_session(request), SETTINGS.of(request).max_search_words)


async def get_genres(request: Request, session: Session) -> GenreService:
    """Genres on the session of this request."""
    return GenreService(session, SETTINGS.of(request).max_genres)


async def get_shelves(session: Session) -> Shelves:
    """What the shop shows, on the session of this request."""
    return Shelves(session)


async def get_stock(session: Session) -> StockService:
    """The stock ledger on the session of this request."""
    return StockService(session)


Question = Annotated[BookQuery, Depends(get_query)]
Books = Annotated[BookService, Depends(get_books)]
Genres = Annotated[GenreService, Depends(get_genres)]
ShelvesDep = Annotated[Shelves, Depends(get_shelves)]
Stock = Annotated[StockService, Depends(get_stock)]
