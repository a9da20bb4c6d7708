"""What the caller may ask of an import."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from app.catalog.importer.cells import MAX_PRICE, MAX_STOCK
from app.core.errors import OperatorError


class ImportFailed(OperatorError):
    """Nothing (more) can be imported. The message is one sentence for the person at the command line."""


@dataclass(frozen=True, slots=True)
class Source:
    """What the audit trail tells of an import: who asks for it, if not the operator, and what they call the file."""

    actor_id: int | None = None
    actor_email: str | None = None
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Defaults fill new books only: a book that exists keeps its price and stock unless the file gives them.

    An import that would bring the shop more than `max_genres` genres fails.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    default_price: Decimal | None = None
    default_stock: int = 0
    dry_run: bool = False
    batch_size: int = 5000
    source: Source = Source()
    max_genres: int = 5000

    def __post_init__(self) -> None:
        if self.default_price is not None and not _is_price(self.default_price):
            raise ImportFailed(f"Give a default price above 0 and up to {MAX_PRICE} with at most two decimals.")
        if not 0 <= self.default_stock <= MAX_STOCK:
            raise ImportFailed(f"Give a default stock from 0 to {MAX_STOCK}.")


def parse_mapping(items: Iterable[str]) -> dict[str, str]:
    """`column=field` as typed after --map; the field follows the last equals sign."""
    mapping: dict[str, str] = {}
    for item in items:
        column, equals, name = item.rpartition("=")
        if not (equals and column.strip() and name.strip()):
            raise ImportFailed(f"Write --map as COLUMN=FIELD, for example --map cost=price, not {item!r}.")
        mapping[column.strip()] = name.strip()
    return mapping


def _is_price(price: Decimal) -> bool:
    return price.is_finite() and 0 < price <= MAX_PRICE and price == round(price, 2)
