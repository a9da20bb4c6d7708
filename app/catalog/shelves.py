"""Shelves of the shop window: what is new, what the staff recommend, what else an author wrote."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book, Genre
from app.catalog.view import AnyBook


class Shelves:
    """Short lists of books in the transaction of a session, each read by an index."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def new(self, limit: int) -> list[Book]:
        """The books that came last."""
        query = select(Book).order_by(Book.created_at.desc(), Book.id.asc())
        return list(await self._session.scalars(query.limit(limit)))

    async def picks(self, each: int) -> list[tuple[str, list[Book]]]:
        """What the staff recommend, by the names of their genres: up to `each` of a genre, the latest first."""
        place = func.row_number().over(partition_by=Book.genre_id, order_by=(Book.picked_at.desc(), Book.id))
        placed = select(Book.id, place.label("place")).where(Book.picked_at.is_not(None)).subquery()
        query = (
            select(Genre.name, Book)
            .select_from(placed)
            .join(Book, Book.id == placed.c.id)
            .join(Genre, Genre.id == Book.genre_id)
            .where(placed.c.place <= each)
            .order_by(Genre.name, placed.c.place)
        )
        shelves: dict[str, list[Book]] = {}
        for genre, book in await self._session.execute(query):
            shelves.setdefault(genre, []).append(book)
        return list(shelves.items())

    async def by_author(self, book: AnyBook, limit: int) -> list[Book]:
        """Other books of exactly that author, the best rated first."""
        same = select(Book).where(Book.author == book.author, Book.id != book.id)
        return list(await self._session.scalars(same.order_by(Book.rating_mean.desc().nulls_last()).limit(limit)))

    async def named(self, book_ids: Sequence[int]) -> list[Book]:
        """These books in that order; those that have gone are missing."""
        found = {book.id: book for book in await self._session.scalars(select(Book).where(Book.id.in_(book_ids)))}
        return [found[book_id] for book_id in book_ids if book_id in found]

    async def changes(self, limit: int) -> list[tuple[int, datetime]]:
        """Ids of the newest books and when each was changed last."""
        query = select(Book.id, Book.updated_at).order_by(Book.created_at.desc(), Book.id.asc())
        return [(book_id, changed) for book_id, changed in await self._session.execute(query.limit(limit))]
