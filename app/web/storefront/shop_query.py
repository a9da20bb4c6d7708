"""What a visitor asks of the shop page: everything stands in its address, so that it can be shared."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError

from app.catalog.query import AskedPrice, BookFilter, BookQuery
from app.catalog.sorting import Direction, SortName
from app.core.paging import MAX_PAGE
from app.core.values import INT_MAX

SIZE = 24
MAX_WORDS, MAX_AUTHOR = 200, 255
MAX_PRICE = Decimal(10) ** 8
_PRICE: TypeAdapter[Decimal] = TypeAdapter(AskedPrice)
SORTS: Mapping[str, tuple[str, SortName, Direction]] = {
    "title": ("Title", "title", "asc"),
    "new": ("Newest in the shop", "created_at", "desc"),
    "published": ("Latest published", "date", "desc"),
    "rating": ("Best rated", "avg_rating", "desc"),
    "cheap": ("Price, low to high", "price", "asc"),
    "dear": ("Price, high to low", "price", "desc"),
}


@dataclass(frozen=True, slots=True)
class ShopQuery:
    """The question as it was typed. What makes no sense is left out of the search, and said beside its field."""

    q: str = ""
    genre: int | None = None
    author: str = ""
    low: str = ""
    high: str = ""
    in_stock: bool = False
    sort: str = "title"
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "ShopQuery":
        """From the parameters of an address."""
        sort = given.get("sort", "")
        return cls(
            q=given.get("q", "").strip()[:MAX_WORDS],
            genre=_number(given.get("genre"), INT_MAX),
            author=given.get("author", "").strip()[:MAX_AUTHOR],
            low=given.get("min", "").strip(),
            high=given.get("max", "").strip(),
            in_stock=given.get("in_stock") == "1",
            sort=sort if sort in SORTS else "title",
            page=_number(given.get("page"), MAX_PAGE) or 1,
        )

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong with it, by field."""
        fields = {"min": self.low, "max": self.high}
        return {
            name: "Please enter an amount like 15.90."
            for name, text in fields.items()
            if text and _price(text) is None
        }

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.q or self.genre or self.author or self.low or self.high or self.in_stock)

    def asked(self) -> BookQuery:
        """The question to the catalogue."""
        _, name, direction = SORTS[self.sort]
        wanted = BookFilter(
            self.genre, self.author or None, _price(self.low), _price(self.high), in_stock=self.in_stock or None
        )
        return BookQuery(self.q or None, wanted, name, direction, self.page, SIZE)

    def link(self, page: int) -> str:
        """The address of another page of the same."""
        return replace(self, page=page).path

    @property
    def path(self) -> str:
        """Its address; what is not asked is not in it."""
        given = {
            "q": self.q,
            "genre": self.genre,
            "author": self.author,
            "min": self.low,
            "max": self.high,
            "in_stock": 1 if self.in_stock else None,
            "sort": self.sort if self.sort != "title" else None,
            "page": self.page if self.page > 1 else None,
        }
        query = urlencode({name: value for name, value in given.items() if value})
        return f"/shop?{query}" if query else "/shop"


def _number(text: str | None, largest: int) -> int | None:
    number = int(text) if text and text.isascii() and text.isdecimal() and len(text) <= len(str(INT_MAX)) else 0
    return number if 0 < number <= largest else None


def _price(text: str) -> Decimal | None:
    try:
        price = _PRICE.validate_python(text.replace(",", "."))
    except ValidationError:
        return None
    return price if price <= MAX_PRICE else None
