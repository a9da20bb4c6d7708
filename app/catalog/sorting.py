"""The orders in which books are listed, and how a cursor finds its place in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, and_, literal, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.catalog.models import Book
from app.catalog.view import Listed
from app.core.paging import Key, damaged_cursor
from app.core.values import Id, Moment

SortName = Literal["title", "price", "date", "created_at", "avg_rating"]
Direction = Literal["asc", "desc"]
_Number = Annotated[Decimal, Field(max_digits=40)]
_TitleKey = Annotated[str, Field(pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class SortOrder:
    """A column to sort by, ties by id ascending, empty values last in both directions."""

    column: InstrumentedAttribute[Any]
    keys: TypeAdapter[Any]
    default: Direction

    def by(self, direction: Direction) -> tuple[ColumnElement[Any], ...]:
        """The ORDER BY; the words are those of the indexes, so that they serve it."""
        column = self.column.asc() if direction == "asc" else self.column.desc()
        return (column.nulls_last() if self._has_gaps else column, Book.id.asc())

    def place(self, book: Listed) -> list[Key]:
        """The sort keys of a book, for a cursor."""
        keys: list[Key] = self.keys.dump_python((book.sorted_by, book.view.id), mode="json")
        return keys

    def stretches_after(self, direction: Direction, keys: Sequence[Key]) -> list[ColumnElement[bool]]:
        """The rows behind a cursor, as conditions to be read one after the other, each a range of the index.

        Raises:
            InvalidRequest: the keys are not those of this order.
        """
        try:
            value, book_id = self.keys.validate_python(keys)
        except ValidationError as error:
            raise damaged_cursor() from error
        if value is None:
            return [and_(self.column.is_(None), Book.id > book_id)]
        return [self._behind(direction, value, book_id), *([self.column.is_(None)] if self._has_gaps else [])]

    def _behind(self, direction: Direction, value: object, book_id: int) -> ColumnElement[bool]:
        if direction == "asc":
            return tuple_(self.column, Book.id) > tuple_(literal(value, self.column.type), book_id)
        return and_(self.column <= value, or_(self.column < value, Book.id > book_id))

    @property
    def _has_gaps(self) -> bool:
        return bool(self.column.property.columns[0].nullable)


ORDERS: dict[SortName, SortOrder] = {
    "title": SortOrder(Book.title, TypeAdapter(tuple[_TitleKey, Id]), "asc"),
    "price": SortOrder(Book.price, TypeAdapter(tuple[_Number, Id]), "asc"),
    "date": SortOrder(Book.publish_date, TypeAdapter(tuple[date | None, Id]), "desc"),
    "created_at": SortOrder(Book.created_at, TypeAdapter(tuple[Moment, Id]), "desc"),
    "avg_rating": SortOrder(Book.rating_mean, TypeAdapter(tuple[_Number | None, Id]), "desc"),
}
