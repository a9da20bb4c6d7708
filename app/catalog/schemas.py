"""Books, genres and stock on the wire."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter

from app.catalog.isbn import normalise_isbn
from app.catalog.rules import HEAVIEST_GRAMS, MAX_DESCRIPTION, MAX_STOCK
from app.catalog.view import BookView
from app.core.values import Id, MoneyOut, PlainDecimal, SingleLine, TimestampOut, iso_date, money_text

_JSON = TypeAdapter[Any](Any)
# A browser reads a backslash as a slash, and two slashes at the start as the name of another host.
_COVER = re.compile(r"https?://|/(?![/\\])", re.IGNORECASE)


def _isbn(value: object) -> str | None:
    return None if value is None else normalise_isbn(str(value))


def _cover(value: str) -> str | None:
    if value and not _COVER.match(value):
        raise ValueError("must start with http://, https:// or one /")
    return value or None


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("must not be 0")
    return value


Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), SingleLine]
Author = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), SingleLine]
GenreName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), SingleLine]
Price = Annotated[Decimal, PlainDecimal, Field(gt=0, le=Decimal("99999999.99"), max_digits=10, decimal_places=2)]
CoverUrl = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2048), SingleLine, AfterValidator(_cover)
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalReason = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(lambda reason: reason or None)
]
TaxCategory = Literal["book", "ebook", "other"]
MovementKind = Literal["opening", "sale", "set", "adjustment", "restock", "cancellation", "removal"]


class GenreCreate(BaseModel):
    """A new shelf."""

    name: GenreName = Field(examples=["Science fiction"])


class GenreOut(BaseModel):
    """A shelf of the shop."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str


class BookUpdate(BaseModel):
    """Only the keys that are present change; null clears what may be empty."""

    # What is present is told by `model_fields_set`, so these defaults are never read.
    title: Title = Field(default_factory=str, examples=["The Dispossessed"])
    author: Author = Field(default_factory=str, examples=["Ursula K. Le Guin"])
    price: Price = Field(default_factory=Decimal, examples=["15.90"])
    isbn: Annotated[str | None, BeforeValidator(_isbn, json_schema_input_type=str | int | None)] = Field(
        default=None,
        examples=["978-0-06-051275-0"],
        description="ISBN-10 or ISBN-13, hyphens as you like; blank for none.",
    )
    genre_id: Id | None = Field(default=None, examples=[None])
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION, examples=["An ambiguous utopia."])
    cover_image_url: CoverUrl | None = Field(
        default=None,
        examples=["/uploads/0123456789abcdef0123456789abcdef.jpg"],
        description="An address with http:// or https://, or a path on this host; blank for none.",
    )
    publish_date: Annotated[date | None, BeforeValidator(iso_date, json_schema_input_type=date | None)] = Field(
        default=None, examples=["1974-05-01"]
    )
    weight_grams: int | None = Field(
        default=None, ge=1, le=HEAVIEST_GRAMS, examples=[310], description="Of a copy; null: taken to be 500"
    )
    tax_category: TaxCategory = Field(default="book", description="Which of the shop's tax rates it is sold at")


class BookCreate(BookUpdate):
    """A new book. Its stock starts at 0."""

    title: Title = Field(examples=["The Dispossessed"])
    author: Author = Field(examples=["Ursula K. Le Guin"])
    price: Price = Field(examples=["15.90"])


class BookOut(BaseModel):
    """A book. Money in major units of the shop's currency."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    author: str
    price: MoneyOut
    isbn: str | None
    genre_id: int | None
    description: str | None
    cover_image_url: str | None
    publish_date: date | None
    stock_quantity: int
    weight_grams: int | None = Field(description="Of a copy; null where nobody has told it")
    tax_category: TaxCategory


class BookWithFigures(BookOut):
    """A book with what its readers think of it."""

    avg_rating: float | None = Field(ge=1, le=5, description="Mean rating with one decimal, null without reviews")
    review_count: int = Field(ge=0)
    in_stock: bool


class BookList(BaseModel):
    """A page of books; `page` is null when it was reached by cursor."""

    model_config = ConfigDict(from_attributes=True)

    items: list[BookWithFigures]
    total: int = Field(ge=0)
    page: int | None
    size: int


def written(books: Iterable[BookView], *, total: int, page: int | None, size: int) -> bytes:
    """What `BookList` would write, without reading into the model first what comes from our own tables."""
    return _JSON.dump_json({"items": [_shown(book) for book in books], "total": total, "page": page, "size": size})


def _shown(book: BookView) -> dict[str, object]:
    """The fields of `BookWithFigures`."""
    return {
        "id": book.id,
        "title": book.title,
        "author": book.author,
        "price": money_text(book.price),
        "isbn": book.isbn,
        "genre_id": book.genre_id,
        "description": book.description,
        "cover_image_url": book.cover_image_url,
        "publish_date": book.publish_date,
        "stock_quantity": book.stock_quantity,
        "weight_grams": book.weight_grams,
        "tax_category": book.tax_category,
        "avg_rating": book.avg_rating,
        "review_count": book.review_count,
        "in_stock": book.in_stock,
    }


class StockSet(BaseModel):
    """The absolute new stock."""

    quantity: int = Field(ge=0, le=MAX_STOCK, examples=[12])
    reason: OptionalReason | None = Field(default=None, examples=["Stocktaking"])


class StockAdjustment(BaseModel):
    """A change of the stock by a number of copies."""

    delta: Annotated[Id, AfterValidator(_not_zero)] = Field(examples=[-1])
    reason: Reason = Field(examples=["Damaged in the window"])
    kind: Literal["adjustment", "restock"] = "adjustment"


class MovementOut(BaseModel):
    """One change of a book's stock; the stock is the sum of its movements."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    book_id: int | None
    delta: int
    quantity_after: int
    kind: MovementKind
    reason: str | None
    order_id: int | None
    actor_user_id: int | None
    created_at: TimestampOut


class MovementList(BaseModel):
    """A page of movements, the newest first."""

    items: list[MovementOut]
    total_count: int = Field(ge=0)
    page: int
    per_page: int
    total_pages: int = Field(ge=0)
