"""From a record of the file to the row of a book."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from app.catalog.importer.cells import (
    MAX_GENRE,
    MAX_TITLE,
    BadCell,
    Repair,
    clean_line,
    clean_paragraphs,
    cut_names,
    cut_words,
    is_cover_address,
    read_date,
    read_isbn,
    read_price,
    read_stock,
    read_tax_category,
    read_weight,
)
from app.catalog.importer.columns import Columns
from app.catalog.importer.source import Record
from app.core.spreadsheets import unguarded

T = TypeVar("T")


class BookRow(NamedTuple):
    """What the file says of a book; None where it says nothing. The order is that of the staging table."""

    line: int
    title: str
    author: str
    price: Decimal | None
    isbn: str | None
    description: str | None
    cover_image_url: str | None
    publish_date: date | None
    stock: int | None
    genre: str | None
    weight_grams: int | None
    tax_category: str | None

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same book: the ISBN, or title and author where there is none."""
        return (self.isbn,) if self.isbn else (self.title, self.author)


class Mended(NamedTuple):
    """A repair and the text it was made on."""

    repair: Repair
    given: str


class RowReader:
    """Reads one record; a fresh one a row, as it gathers the repairs."""

    def __init__(self, columns: Columns, *, price_needed: bool) -> None:
        self._columns = columns
        self._cells: Sequence[str] = ()
        self._price_needed = price_needed
        self.mended: list[Mended] = []

    def read(self, record: Record) -> BookRow:
        """Raises BadCell for a row that cannot be imported."""
        if record.broken:
            raise BadCell(record.broken)
        self._cells = record.cells
        return BookRow(
            line=record.line,
            title=self._required("title", lambda text: cut_words(text, MAX_TITLE), Repair.TITLE_CUT),
            author=self._required("author", cut_names, Repair.AUTHOR_CUT),
            price=self._price(),
            isbn=self._isbn(),
            description=clean_paragraphs(self._text("description")) or None,
            cover_image_url=self._cover(),
            publish_date=self._publish_date(),
            stock=read_stock(text) if (text := self._text("stock")) else None,
            genre=self._cut("genre", lambda text: cut_words(text, MAX_GENRE), Repair.GENRE_CUT) or None,
            weight_grams=self._mended("weight_grams", read_weight, Repair.WEIGHT_UNKNOWN),
            tax_category=self._mended("tax_category", read_tax_category, Repair.TAX_CATEGORY_UNKNOWN),
        )

    def _given(self, field: str) -> list[str]:
        """The texts of a field, without the apostrophe that exports put before a text like a formula."""
        given = self._columns.cells(field, self._cells)
        plain = [unguarded(cell) for cell in given]
        self._note(Repair.GUARD if plain != given else None, " / ".join(given))
        return plain

    def _text(self, field: str) -> str:
        return next((cell.strip() for cell in self._given(field)), "")

    def _cut(self, field: str, cut: Callable[[str], str], repair: Repair) -> str:
        text = clean_line(self._text(field))
        shorter = cut(text)
        self._note(repair if shorter != text else None, text)
        return shorter

    def _required(self, field: str, cut: Callable[[str], str], repair: Repair) -> str:
        if text := self._cut(field, cut, repair):
            return text
        raise BadCell(f"{field} is missing")

    def _price(self) -> Decimal | None:
        if text := self._text("price"):
            return read_price(text)
        if self._price_needed:
            raise BadCell("price is missing and there is no default price")
        return None

    def _isbn(self) -> str | None:
        cells = self._given("isbn")
        isbn, repair = read_isbn(cells)
        self._note(repair, " / ".join(cell for cell in cells if cell.strip()))
        return isbn

    def _publish_date(self) -> date | None:
        if not (text := self._text("publish_date")):
            return None
        value, repair = read_date(text)
        self._note(repair, text)
        return value

    def _mended(self, field: str, read: Callable[[str], T | None], repair: Repair) -> T | None:
        """What `read` makes of the text; left empty, and noted, where that is nothing."""
        text = self._text(field)
        value = read(text) if text else None
        self._note(repair if text and value is None else None, text)
        return value

    def _cover(self) -> str | None:
        text = self._text("cover_image_url")
        if not text or is_cover_address(text):
            return text or None
        self._note(Repair.COVER_INVALID, text)
        return None

    def _note(self, repair: Repair | None, given: str) -> None:
        if repair:
            self.mended.append(Mended(repair, given))
