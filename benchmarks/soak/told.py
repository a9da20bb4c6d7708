"""What buyers and staff were told. Nothing in here comes from the database."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

NO_MONEY = Decimal("0.00")


class Unexpected(Exception):
    """The shop did what it must never do; the message says what."""


@dataclass(frozen=True)
class Sale:
    """An order that a buyer was told of. `copies` by book, `total` in major units."""

    id: int
    buyer: str
    copies: Mapping[int, int]
    total: Decimal


@dataclass(frozen=True)
class Move:
    """A change of stock that the ledger is asked about in the end, by its reason.

    `asked` is the stock that was set, for a change that was confirmed; None where no answer came and it may not have
    happened. `closing`: the answer was lost while the shop was stopping in good order.
    """

    book: int
    asked: int | None = None
    closing: bool = False


@dataclass
class Told:
    """The sum of all answers."""

    end: float = float("inf")
    """By the monotonic clock: nobody begins anything new afterwards."""
    sales: dict[int, Sale] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)
    stock: dict[int, int] = field(default_factory=dict)
    """By book: what was there at the opening, and the changes that staff were told of."""
    moves: dict[str, Move] = field(default_factory=dict)
    passing: set[int] = field(default_factory=set)
    """Books that staff made and will take off sale, or have."""
    answers: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    closing: bool = False
    """The shop was asked to stop in good order and is not back yet."""

    @property
    def over(self) -> bool:
        """Time is up, or the soak has failed already."""
        return bool(self.surprises) or time.monotonic() >= self.end

    @property
    def returned(self) -> list[Sale]:
        return [self.sales[order] for order in self.cancelled if order in self.sales]

    def on_hand(self) -> dict[int, int]:
        """The stock that each book ought to have."""
        stock = Counter(self.stock)
        for sale in self.sales.values():
            stock.subtract(sale.copies)
        for sale in self.returned:
            stock.update(sale.copies)
        return dict(stock)


def revenue(sales: list[Sale]) -> Decimal:
    """In major units."""
    return sum((sale.total for sale in sales), start=NO_MONEY)
