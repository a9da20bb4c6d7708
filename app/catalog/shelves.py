"""Shelves of the shop window: what is new, what the staff recommend, what else an author wrote."""

from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from app.catalog.models import Book, Genre
from app.catalog.view import AnyBook

LATEST_PICKS = 1000
"""Of all that the staff recommend, so many are looked at."""
_SHOWN = select(Book).options(defer(Book.description, raiseload=True))  # it may be long, and is not shown
_MAPPED = text("""
    SELECT coalesce(string_agg(
        '<url><loc>' || :address || id || '</loc><lastmod>' || to_char(timezone('UTC', updated_at), 'YYYY-MM-DD')
        || E'</lastmod></url>\\n', ''), '')
    FROM (SELECT id, updated_at FROM books ORDER BY created_at DESC, id LIMIT :limit) AS newest
""")


class Shelves:
    """Short lists of books in the transaction of a session, each read by an index."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def new(self, limit: int) -> list[Book]:
        """The books that came last."""
        query = select(Book).order_by(Book.created_at.desc(), Book.id.asc())
        return list(await self._session.scalars(query.limit(limit)))

    async def picks(self, each: int, shelves: int) -> list[tuple[str, list[Book]]]:
        """What the staff recommend, by the names of their genres: up to `each` of a genre, the latest first.

        That makes at least so many `shelves`, where there are as many, and few more.
        """
        latest = select(Book.id, Book.genre_id, Book.picked_at).where(Book.picked_at.is_not(None))
        picked = latest.order_by(Book.picked_at.desc(), Book.id.desc()).limit(LATEST_PICKS).subquery()
        place = func.row_number().over(
            partition_by=picked.c.genre_id, order_by=(picked.c.picked_at.desc(), picked.c.id)
        )
        placed = select(picked.c.id, place.label("place")).subquery()
        query = (
            select(Genre.name, Book)
            .options(defer(Book.description, raiseload=True))
            .select_from(placed)
            .join(Book, Book.id == placed.c.id)
            .join(Genre, Genre.id == Book.genre_id)
            .where(placed.c.place <= each)
            .order_by(Genre.name, placed.c.place)
            .limit(each * shelves)
        )
        found: dict[str, list[Book]] = {}
        for genre, book in await self._session.execute(query):
            found.setdefault(genre, []).append(book)
        return list(found.items())[:shelves]

    async def by_author(self, book: AnyBook, limit: int) -> list[Book]:
        """Other books of exactly that author, the best rated first."""
        same = _SHOWN.where(Book.author == book.author, Book.id != book.id)
        return list(await self._session.scalars(same.order_by(Book.rating_mean.desc().nulls_last()).limit(limit)))

    async def named(self, book_ids: Sequence[int]) -> list[Book]:
        """These books in that order; those that have gone are missing."""
        found = {book.id: book for book in await self._session.scalars(_SHOWN.where(Book.id.in_(book_ids)))}
        return [found[book_id] for book_id in book_ids if book_id in found]

    async def mapped(self, address: str, limit: int) -> str:
        """The newest books as entries of a site map: `address` with the id of each, and when it was changed last.

        The database writes them: fifty thousand would hold the event loop up.
        """
        found: str = (await self._session.execute(_MAPPED, {"address": address, "limit": limit})).scalar_one()
        return found
