"""What a reader asks of the catalogue."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, Numeric, func, literal

from app.catalog.models import Book
from app.catalog.sorting import ORDERS, Direction, SortName, SortOrder
from app.core.paging import Key
from app.core.values import PlainDecimal

# `0e99999` is a zero too, and too long for the driver.
AskedPrice = Annotated[
    Decimal, PlainDecimal, Field(ge=0, max_digits=20), AfterValidator(lambda price: price or Decimal(0))
]
_PATTERN_SIGN = re.compile(r"([\\%_])")
_SCOPE = json.JSONEncoder(default=str)


@dataclass(frozen=True, slots=True)
class BookFilter:
    """Conditions that all hold; None is no condition. Prices in major units, inclusive."""

    genre_id: int | None = None
    author: str | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool | None = None


def conditions(asked: BookFilter) -> list[ColumnElement[bool]]:
    """The WHERE of a filter."""
    found = []
    if asked.genre_id is not None:
        found.append(Book.genre_id == asked.genre_id)
    if asked.author:
        literally = _PATTERN_SIGN.sub(r"\\\1", asked.author)
        found.append(func.lower(Book.author).like(func.lower(f"%{literally}%")))
    # Not the type of the column: a bound may be larger or finer than any price.
    if asked.min_price is not None:
        found.append(Book.price >= literal(asked.min_price, Numeric()))
    if asked.max_price is not None:
        found.append(Book.price <= literal(asked.max_price, Numeric()))
    if asked.in_stock is not None:
        found.append(Book.stock_quantity > 0 if asked.in_stock else Book.stock_quantity == 0)
    return found


@dataclass(frozen=True, slots=True)
class BookQuery:
    """A page of books. `after`, the sort keys of a book, goes with neither `q` nor `page`; `q` has its own order."""

    q: str | None = None
    filter: BookFilter = BookFilter()
    sort: SortName = "title"
    sort_dir: Direction | None = None
    page: int = 1
    size: int = 20
    after: tuple[Key, ...] | None = None

    @property
    def order(self) -> SortOrder:
        """The order to list in, where nothing is searched for."""
        return ORDERS[self.sort]

    @property
    def direction(self) -> Direction:
        """As asked, or what suits the order."""
        return self.sort_dir or self.order.default

    @property
    def offset(self) -> int:
        """Rows before the page."""
        return (self.page - 1) * self.size

    @property
    def end(self) -> int:
        """Rows before the next page."""
        return self.page * self.size

    @property
    def parameters(self) -> dict[str, object]:
        """The query parameters that a link to the next page keeps."""
        asked = self.filter
        return {
            "genre_id": asked.genre_id,
            "author": asked.author,
            "min_price": asked.min_price,
            "max_price": asked.max_price,
            "in_stock": asked.in_stock,
            "sort": self.sort,
            "sort_dir": self.direction,
            "size": self.size,
        }

    @property
    def scope(self) -> str:
        """What a cursor belongs to: filters and order, whatever the size of the pages."""
        return _SCOPE.encode(["books", self.parameters | {"size": None}])
