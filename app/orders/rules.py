"""The rules of checkout, on plain values."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from app.orders.models import OrderStatus
from app.orders.schemas import InsufficientStockItem

STEPS: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.CONFIRMED: frozenset({OrderStatus.CANCELLED}),
    OrderStatus.PAYMENT_FAILED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
}
"""Which status may follow which; there are no other steps."""


def may_become(now: OrderStatus, then: OrderStatus) -> bool:
    """Whether an order of one status may take the step to another."""
    return then in STEPS[now]


_NUMBER = re.compile("[0-9A-HJKMNP-TV-Z]{8}")
_LOOK_ALIKES = str.maketrans("OIL", "011", "- \t\u00a0\u2010\u2011\u2013")


def order_number(text: str) -> str | None:
    """The order number that somebody typed or read out, as it is stored; None where it is none."""
    plain = text.strip().upper().translate(_LOOK_ALIKES)
    return f"{plain[:4]}-{plain[4:]}" if _NUMBER.fullmatch(plain) else None


class Line(Protocol):
    """What a buyer asks for."""

    @property
    def book_id(self) -> int: ...
    @property
    def quantity(self) -> int: ...


class Stocked(Protocol):
    """A book as it stands under the lock."""

    @property
    def title(self) -> str: ...
    @property
    def stock_quantity(self) -> int: ...


def gone(lines: Sequence[Line], books: Mapping[int, Stocked]) -> list[int]:
    """The ids of books that are no longer sold, ascending."""
    return sorted(line.book_id for line in lines if line.book_id not in books)


def short_lines(lines: Sequence[Line], books: Mapping[int, Stocked]) -> list[InsufficientStockItem]:
    """The lines that ask for more than there is, by book id."""
    return [
        InsufficientStockItem(
            book_id=line.book_id,
            title=books[line.book_id].title,
            requested=line.quantity,
            available=books[line.book_id].stock_quantity,
        )
        for line in sorted(lines, key=lambda line: line.book_id)
        if line.quantity > books[line.book_id].stock_quantity
    ]
