"""Which column of the file feeds which field of a book."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.catalog.importer.options import ImportFailed

# Best name first: where a file has several, the first one found here is used. ISBN takes all of its columns.
# image_url stays out: catalogue dumps use it for other shops' servers; --map image_url=cover_image_url names it.
ALIASES: dict[str, tuple[str, ...]] = {
    "title": ("title", "book title", "name"),
    "author": ("author", "authors", "author name", "book author", "writer", "writers", "author(s)"),
    "price": ("price", "unit price", "list price", "retail price", "sale price", "rrp"),
    "isbn": ("isbn13", "isbn", "isbn10", "ean", "ean13", "gtin"),
    "description": ("description", "summary", "synopsis", "blurb"),
    "cover_image_url": ("cover image url", "cover url", "cover image", "cover"),
    "publish_date": (
        "publish date", "publication date", "published date", "date published", "published", "release date",
        "publish year", "publication year", "original publication year", "year published", "year",
    ),
    "stock": ("stock", "stock quantity", "quantity", "qty", "in stock", "on hand", "inventory"),
    "genre": ("genre", "category", "genres", "categories"),
    "weight_grams": ("weight grams", "weight in grams", "weight g", "grams", "weight"),
    "tax_category": ("tax category", "tax class"),
}  # fmt: skip
FIELDS = tuple(ALIASES)
_OR_ELSE = {"price": " or --default-price"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions by field, best first; more than one only for ISBN."""

    header: tuple[str, ...]
    positions: Mapping[str, tuple[int, ...]]

    def name_of(self, field: str) -> str:
        return ", ".join(self.header[position] for position in self.positions[field])

    @property
    def ignored(self) -> tuple[str, ...]:
        used = {position for positions in self.positions.values() for position in positions}
        return tuple(name for position, name in enumerate(self.header) if position not in used and name)

    def cells(self, field: str, record: Sequence[str]) -> list[str]:
        """The record's texts for a field. Spreadsheets leave out blank cells at a row's end: those count as blank."""
        return [record[at] for at in self.positions.get(field, ()) if at < len(record)]


def recognised(header: Iterable[str]) -> int:
    return sum(_plain(name) in _FIELD_BY_ALIAS for name in header)


def resolve_columns(header: Sequence[str], mapping: Mapping[str, str], *, has_default_price: bool) -> Columns:
    """Raises ImportFailed for a mapping that names nothing and for a file without the columns every book needs."""
    mapped = _mapped(header, mapping)
    taken = {position for positions in mapped.values() for position in positions}
    found = {field: mapped.get(field) or _by_alias(field, header, taken) for field in FIELDS}
    columns = Columns(tuple(header), {field: positions for field, positions in found.items() if positions})
    needed = [field for field in ("title", "author", "price") if field not in columns.positions]
    if has_default_price and "price" in needed:
        needed.remove("price")
    if needed:
        raise ImportFailed(_missing(needed, header))
    return columns


def _mapped(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    mapped: dict[str, tuple[int, ...]] = {}
    for column, name in mapping.items():
        field = _FIELD_BY_ALIAS.get(_plain(name))
        if field is None:
            raise ImportFailed(f"There is no field {name!r} for --map; choose one of {', '.join(FIELDS)}.")
        position = _position(header, column)
        if field in mapped and field != "isbn":
            raise ImportFailed(f"Give --map one column for the field {field}, not several.")
        mapped[field] = (*mapped.get(field, ()), position)
    return mapped


def _position(header: Sequence[str], column: str) -> int:
    if column in header:
        return header.index(column)
    plain = [_plain(name) for name in header]
    if _plain(column) in plain:
        return plain.index(_plain(column))
    raise ImportFailed(f"The file has no column {column!r} for --map; its columns are {', '.join(header)}.")


def _by_alias(field: str, header: Sequence[str], taken: set[int]) -> tuple[int, ...]:
    at = {_plain(name): position for position, name in reversed(list(enumerate(header))) if position not in taken}
    positions = tuple(at[_plain(alias)] for alias in ALIASES[field] if _plain(alias) in at)
    return positions if field == "isbn" else positions[:1]


def _missing(needed: Sequence[str], header: Sequence[str]) -> str:
    ways = (f"{name} needs --map COLUMN={name}{_OR_ELSE.get(name, '')}" for name in needed)
    return f"The file has no column for {', '.join(needed)} (its columns are {', '.join(header)}): {', '.join(ways)}."


def _plain(name: str) -> str:
    return re.sub("[\\s_.()-]+", "", name).casefold()


_FIELD_BY_ALIAS = {_plain(alias): field for field, aliases in ALIASES.items() for alias in (field, *aliases)}
