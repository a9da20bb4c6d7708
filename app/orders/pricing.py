"""What an order costs: a pure function on plain values, which alone adds up.

Checkout prices the lines it locked, compares the grand total with the one the buyer saw, charges it, and stores all
totals with the order. Whoever tells of an order afterwards reads what is stored. See
docs/decisions/0015-totals-are-stored.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from app.core.money import NOTHING, items_total, line_total


class PricedLine(Protocol):
    """So many copies at a price, in major units."""

    @property
    def unit_price(self) -> Decimal: ...
    @property
    def quantity(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order comes to, in major units of its currency; `lines` in the order in which they were given.

    `grand_total` is what the buyer pays: items − discount + delivery, and tax where prices do not contain it.
    """

    lines: tuple[Decimal, ...]
    items_total: Decimal
    discount_total: Decimal
    delivery_total: Decimal
    tax_total: Decimal
    grand_total: Decimal


def price(lines: Iterable[PricedLine]) -> Totals:
    """The totals of these lines. The shop gives no discount and charges neither delivery nor tax."""
    line_totals = tuple(line_total(line.unit_price, line.quantity) for line in lines)
    items = items_total(line_totals)
    return Totals(
        lines=line_totals,
        items_total=items,
        discount_total=NOTHING,
        delivery_total=NOTHING,
        tax_total=NOTHING,
        grand_total=items,
    )
