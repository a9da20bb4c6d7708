"""The catalogue: listing, searching and keeping books and genres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit.service import changes, record
from app.catalog.errors import (
    BookNotFound,
    GenreConflict,
    GenreInUse,
    GenreNotFound,
    IsbnConflict,
    PageTooDeep,
    SearchTooDeep,
    TooManyGenres,
)
from app.catalog.models import Book, Genre
from app.catalog.query import BookFilter, BookQuery
from app.catalog.repository import BookRepository, GenreRepository
from app.catalog.rules import DEEPEST_ROW, too_deep
from app.catalog.schemas import BookOut
from app.catalog.search import BookSearch
from app.catalog.stock import StockService
from app.catalog.view import AnyBook, BookView, GenreView, Listed
from app.core.db.driver import one_transaction
from app.core.db.failures import violated
from app.core.paging import Key

ISBN_KEY = "uq_books_isbn"
GENRE_KEY = "uq_genres_name"


@dataclass(frozen=True, slots=True)
class BookPage:
    """Up to `size` books of all that fit. `page` is None when reached by cursor.

    `following` are the sort keys behind which the next page begins, None when none follow.
    """

    items: list[BookView]
    total: int
    page: int | None
    size: int
    following: tuple[Key, ...] | None


async def count_finer_prices(session: AsyncSession, decimals: int) -> int:
    """How many books have a price with more decimals than that."""
    return await BookRepository(session).count_finer_prices(decimals)


class BookService:
    """Books in the transaction of a session; a search may have up to `max_words`."""

    def __init__(self, session: AsyncSession, max_words: int) -> None:
        self._session = session
        self._books = BookRepository(session)
        self._genres = GenreRepository(session)
        self._search = BookSearch(session, max_words)
        self._stock = StockService(session)

    async def get(self, book_id: int) -> BookView:
        """The book. Raises BookNotFound."""
        book = await self._books.get(book_id)
        if book is None:
            raise BookNotFound
        return book

    async def page(self, query: BookQuery) -> BookPage:
        """The page of books that was asked for.

        Raises:
            PageTooDeep: it exists but must be reached by cursor.
            SearchTooLong: it is searched for more words than may be.
            InvalidRequest: `after` are not keys of this order.
        """
        if not query.q and query.filter == BookFilter():
            return await self._listed(query)
        async with one_transaction(self._session):
            return await (self._searched(query) if query.q else self._listed(query))

    async def create(self, columns: Mapping[str, Any], actor: Caller) -> Book:
        """A new book without stock.

        Raises:
            GenreNotFound: there is no such genre.
            IsbnConflict: another book has the ISBN.
        """
        await self._require_genre(columns)
        book = await self._books.add(columns)
        if book is None:
            raise IsbnConflict
        await record(self._session, actor, "book.created", book.id, after=_state(book))
        return book

    async def change(self, book_id: int, columns: Mapping[str, Any], actor: Caller) -> AnyBook:
        """Change these columns of a book and no other, so that what checkouts do meanwhile to its stock stands.

        Raises:
            BookNotFound: there is no such book.
            GenreNotFound: there is no such genre.
            IsbnConflict: another book has the ISBN.
        """
        if not columns:
            return await self.get(book_id)
        before = _state(await self._locked(book_id))
        await self._require_genre(columns)
        try:
            book = await self._books.change(book_id, columns)
        except IntegrityError as error:
            if violated(error) == ISBN_KEY:
                raise IsbnConflict from error
            raise
        old, new = changes(before, _state(book))
        if new:
            await record(self._session, actor, "book.changed", book_id, before=old, after=new)
        return book

    async def delete(self, book_id: int, actor: Caller) -> None:
        """Take a book off sale for good; a checkout that has locked it is waited for. Raises BookNotFound."""
        await self._stock.remove(book_id, actor.id)
        await record(self._session, actor, "book.removed", book_id, before=_state(await self.get(book_id)))
        await self._books.delete(book_id)

    async def recommend(self, book_id: int, wanted: bool, actor: Caller) -> Book:
        """Put the book among those that the staff recommend, or take it out again. Raises BookNotFound."""
        book = await self._locked(book_id)
        if (book.picked_at is not None) == wanted:
            return book
        changed = await self._books.change(book_id, {"picked_at": func.now() if wanted else None})
        before, after = {"recommended": not wanted}, {"recommended": wanted}
        await record(self._session, actor, "book.recommended", book_id, before=before, after=after)
        return changed

    async def _locked(self, book_id: int) -> Book:
        book = await self._books.lock(book_id)
        if book is None:
            raise BookNotFound
        return book

    async def _require_genre(self, columns: Mapping[str, Any]) -> None:
        genre_id = columns.get("genre_id")
        if genre_id is not None and not await self._genres.hold(genre_id):
            raise GenreNotFound

    async def _searched(self, query: BookQuery) -> BookPage:
        total, books = await self._search.find(query)
        if too_deep(query.page, query.size, total):
            raise SearchTooDeep
        return BookPage(books, total, query.page, query.size, None)

    async def _listed(self, query: BookQuery) -> BookPage:
        return await (self._numbered(query) if query.after is None else self._behind(query, query.after))

    async def _numbered(self, query: BookQuery) -> BookPage:
        if query.filter == BookFilter() and query.end <= DEEPEST_ROW:
            total, books = await self._books.counted_page(query, query.size + 1)
            return _page(query, books, total, query.page)
        total = await self._books.count(query.filter)
        if too_deep(query.page, query.size, total):
            raise PageTooDeep
        books = await self._books.page(query, query.size + 1) if query.offset < total else []
        return _page(query, books, total, query.page)

    async def _behind(self, query: BookQuery, keys: Sequence[Key]) -> BookPage:
        books = await self._books.after(query, keys, query.size + 1)
        return _page(query, books, await self._books.count(query.filter), None)


def _state(book: AnyBook) -> dict[str, Any]:
    """What the audit trail tells of a book."""
    return BookOut.model_validate(book).model_dump(exclude={"id"})


def _page(query: BookQuery, books: list[Listed], total: int, page: int | None) -> BookPage:
    """`books` holds one more than the page where more follow."""
    shown = books[: query.size]
    more = len(books) > query.size
    following = tuple(query.order.place(shown[-1])) if more else None
    return BookPage([book.view for book in shown], total, page, query.size, following)


class GenreService:
    """Genres in the transaction of a session; a shop has up to `max_genres`."""

    def __init__(self, session: AsyncSession, max_genres: int) -> None:
        self._session = session
        self._genres = GenreRepository(session)
        self._max_genres = max_genres

    async def all(self) -> list[GenreView]:
        """All of them by name in code-point order."""
        return await self._genres.all()

    async def name_of(self, genre_id: int) -> str | None:
        """The name of that genre."""
        return await self._genres.name_of(genre_id)

    async def create(self, name: str, actor: Caller) -> Genre:
        """A new genre.

        Raises:
            GenreConflict: exactly that name exists.
            TooManyGenres: there are as many as may be.
        """
        genre = await self._genres.add(name, self._max_genres)
        if genre is None:
            raise GenreConflict if await self._genres.is_taken(name) else TooManyGenres(self._max_genres)
        await record(self._session, actor, "genre.created", genre.id, after={"name": name})
        return genre

    async def shelves(self) -> list[tuple[Genre, int]]:
        """All of them by name, with the number of their books."""
        return await self._genres.shelves()

    async def shelf(self, genre_id: int) -> tuple[Genre, int]:
        """A genre with the number of its books. Raises GenreNotFound."""
        found = await self._genres.shelves(genre_id)
        if not found:
            raise GenreNotFound
        return found[0]

    async def rename(self, genre_id: int, name: str, actor: Caller) -> None:
        """Give a genre another name.

        Raises:
            GenreNotFound: there is no such genre.
            GenreConflict: another one has exactly that name.
        """
        before = await self._locked(genre_id)
        if before == name:
            return
        try:
            await self._genres.rename(genre_id, name)
        except IntegrityError as error:
            if violated(error) == GENRE_KEY:
                raise GenreConflict from error
            raise
        await record(self._session, actor, "genre.renamed", genre_id, before={"name": before}, after={"name": name})

    async def remove(self, genre_id: int, actor: Caller) -> None:
        """Take away a genre without books.

        Raises:
            GenreNotFound: there is no such genre.
            GenreInUse: books stand there.
        """
        name = await self._locked(genre_id)
        if not await self._genres.remove_empty(genre_id):
            raise GenreInUse
        await record(self._session, actor, "genre.removed", genre_id, before={"name": name})

    async def _locked(self, genre_id: int) -> str:
        name = await self._genres.lock(genre_id)
        if name is None:
            raise GenreNotFound
        return name
