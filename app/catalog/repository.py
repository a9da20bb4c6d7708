"""The SQL of books and genres."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book, Genre
from app.catalog.query import BookFilter, BookQuery, conditions
from app.catalog.rules import GENRES_LOCK
from app.catalog.search.cache import VersionedCache
from app.catalog.search.counters import catalogue_version, number_of_books
from app.catalog.sorting import Direction, SortName
from app.catalog.stock import locking
from app.catalog.view import COLUMNS, BookView, GenreView, Listed
from app.core.db.driver import OnDriver, driver
from app.core.paging import Key

_COUNTS: VersionedCache[int] = VersionedCache(1000)


class BookRepository:
    """Books in the transaction of a session. Nothing here writes stock."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, book_id: int) -> BookView | None:
        """The book with that id."""
        rows = await _BY_ID.fetch(self._session, book_id=book_id)
        return BookView(*rows[0]) if rows else None

    async def count_finer_prices(self, decimals: int) -> int:
        """How many books have a price with more decimals than that; reads all of them."""
        finer = select(func.count()).select_from(Book).where(Book.price != func.round(Book.price, decimals))
        return await self._session.scalar(finer) or 0

    async def lock(self, book_id: int) -> Book | None:
        """The book as it is under the lock of its row."""
        query = locking(select(Book).where(Book.id == book_id))
        return await self._session.scalar(query.execution_options(populate_existing=True))

    async def add(self, columns: Mapping[str, Any]) -> Book | None:
        """The new book; None when its ISBN is taken."""
        insertion = insert(Book).values(columns).on_conflict_do_nothing(index_elements=[Book.isbn])
        return (await self._session.scalars(insertion.returning(Book))).one_or_none()

    async def change(self, book_id: int, columns: Mapping[str, Any]) -> Book:
        """The book with these columns changed and no other. Its row must be locked.

        Raises:
            IntegrityError: another book has the ISBN.
        """
        change = update(Book).where(Book.id == book_id).values(columns).returning(Book)
        return (await self._session.scalars(change, execution_options={"populate_existing": True})).one()

    async def delete(self, book_id: int) -> None:
        """Delete the book; what hangs on it goes or is set null by the foreign keys. Its row must be locked."""
        await self._session.execute(delete(Book).where(Book.id == book_id))

    async def count(self, asked: BookFilter) -> int:
        """All books that pass the filter. Where all do, or all that are not sold out, few rows are read."""
        if asked == BookFilter():
            [row] = await _NUMBER.fetch(self._session)
            return int(row[0])
        if asked == BookFilter(in_stock=True):
            sold_out = select(func.count()).select_from(Book).where(Book.stock_quantity == 0).scalar_subquery()
            return await self._scalar(select(number_of_books() - sold_out))
        if asked.in_stock is not None:  # changes with every order: not worth remembering
            return await self._scalar(select(func.count()).select_from(Book).where(*conditions(asked)))
        return await self._remembered_count(asked)

    async def _remembered_count(self, asked: BookFilter) -> int:
        # What suits one filter is a disaster for another, in the counting as in the page that follows.
        custom = func.set_config("plan_cache_mode", "force_custom_plan", True)
        state, _ = (await self._session.execute(select(catalogue_version(), custom))).one()
        known = _COUNTS.get(asked, state)
        if known is None:
            counting = select(func.count(), catalogue_version()).select_from(Book).where(*conditions(asked))
            known, state = (await self._session.execute(counting)).one()
            _COUNTS.keep(asked, state, known)
        return known

    async def _scalar(self, query: Select[int]) -> int:
        return (await self._session.execute(query)).scalar_one()

    async def page(self, query: BookQuery, limit: int) -> list[Listed]:
        """Up to `limit` books from the start of the page. Of the rows before it, only the index is read."""
        rows = await self._session.execute(_page(query, literal(query.offset), literal(limit)))
        return [Listed(key, BookView(*book)) for key, *book in rows]

    async def counted_page(self, query: BookQuery, limit: int) -> tuple[int, list[Listed]]:
        """The number of all books and a page of them, in one statement; the query has no filter."""
        rows = await _page_of_all(query.sort, query.direction, query.offset, limit).fetch(self._session)
        total = int(rows[0][0]) if rows else await self.count(query.filter)
        return total, [Listed(key, BookView(*book)) for _, key, *book in rows]

    async def after(self, query: BookQuery, keys: Sequence[Key], limit: int) -> list[Listed]:
        """Up to `limit` books behind these sort keys; a second statement only where the empty values begin.

        Raises:
            InvalidRequest: the keys are not those of the query's order.
        """
        found: list[Listed] = []
        for stretch in query.order.stretches_after(query.direction, keys):
            found += await self._fetch(_listed(query).where(stretch), limit - len(found))
            if len(found) == limit:
                break
        return found

    async def _fetch(self, query: Select[Any], limit: int) -> list[Listed]:
        rows = await self._session.execute(query.limit(limit))
        return [Listed(key, BookView(*book)) for key, *book in rows]


def _listed(query: BookQuery) -> Select[Any]:
    return _in_order(query, select(query.order.column, *COLUMNS).where(*conditions(query.filter)))


def _in_order(query: BookQuery, listed: Select[Any]) -> Select[Any]:
    return listed.order_by(*query.order.by(query.direction))


def _page(query: BookQuery, start: ColumnElement[int], most: ColumnElement[int]) -> Select[Any]:
    page = _listed(query).with_only_columns(Book.id).offset(start).limit(most)
    among = Book.id == any_(func.array(page.scalar_subquery()))  # a join may be run the other way round
    return _in_order(query, select(query.order.column, *COLUMNS).where(among))


@lru_cache(maxsize=64)
def _page_of_all(sort: SortName, direction: Direction, offset: int, limit: int) -> OnDriver:
    """The place of the page stands in the SQL: as a parameter it would have each statement planned anew."""
    start, most = literal_column(str(offset), Integer), literal_column(str(limit), Integer)
    query = BookQuery(sort=sort, sort_dir=direction)
    return OnDriver(_page(query, start, most).with_only_columns(number_of_books(), query.order.column, *COLUMNS))


_BY_ID = OnDriver(select(*COLUMNS).where(Book.id == bindparam("book_id")))
_NUMBER = OnDriver(select(number_of_books()))
_GENRES = 'SELECT id, name FROM genres ORDER BY name COLLATE "C"'


class GenreRepository:
    """Genres in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> list[GenreView]:
        """All of them by name in code-point order."""
        return [GenreView(*row) for row in await (await driver(self._session)).fetch(_GENRES)]

    async def name_of(self, genre_id: int) -> str | None:
        """The name of that genre; None when there is none."""
        return await self._session.scalar(select(Genre.name).where(Genre.id == genre_id))

    async def add(self, name: str, most: int) -> Genre | None:
        """The new genre; None when the name is taken, or there are `most`. Whoever adds genres takes turns."""
        await self._session.execute(select(func.pg_advisory_xact_lock(GENRES_LOCK)))
        there = select(func.count()).select_from(Genre).scalar_subquery()
        insertion = insert(Genre).from_select([Genre.name], select(literal(name)).where(there < most))
        adding = insertion.on_conflict_do_nothing(index_elements=[Genre.name]).returning(Genre)
        return (await self._session.scalars(adding)).one_or_none()

    async def is_taken(self, name: str) -> bool:
        """Whether a genre has exactly that name."""
        return bool(await self._session.scalar(select(exists().where(Genre.name == name))))

    async def hold(self, genre_id: int) -> bool:
        """Whether there is such a genre; if so, it stays until the transaction ends."""
        query = select(Genre.id).where(Genre.id == genre_id).with_for_update(read=True, key_share=True)
        return await self._session.scalar(query) is not None

    async def shelves(self, genre_id: int | None = None) -> list[tuple[Genre, int]]:
        """All of them, or that one, by name in code-point order, with the number of their books."""
        held = select(func.count()).where(Book.genre_id == Genre.id).scalar_subquery()
        query = select(Genre, held).order_by(Genre.name.collate("C"))
        if genre_id is not None:
            query = query.where(Genre.id == genre_id)
        return [(genre, count) for genre, count in await self._session.execute(query)]

    async def lock(self, genre_id: int) -> str | None:
        """The name of that genre, which nobody else changes or gives to a book until the transaction ends."""
        return await self._session.scalar(select(Genre.name).where(Genre.id == genre_id).with_for_update())

    async def rename(self, genre_id: int, name: str) -> None:
        """Raises IntegrityError when another genre has the name."""
        await self._session.execute(update(Genre).where(Genre.id == genre_id).values(name=name))

    async def remove_empty(self, genre_id: int) -> bool:
        """Delete the genre if it has no books; whether it had none. Its row must be locked."""
        holds = exists().where(Book.genre_id == genre_id)
        removal = delete(Genre).where(Genre.id == genre_id, ~holds).returning(Genre.id)
        return await self._session.scalar(removal) is not None
