"""What goods come to: the one place that multiplies a price by a number of copies.

Amounts are in major units of a currency, and exact: the largest price times 2^31 copies has 20 digits, and a Decimal
keeps 28.
"""

from collections.abc import Iterable
from decimal import Decimal

NOTHING = Decimal("0.00")


def line_total(unit_price: Decimal, quantity: int) -> Decimal:
    """What so many copies cost. The database says the same in the generated column `order_items.line_total`."""
    return unit_price * quantity


def items_total(line_totals: Iterable[Decimal]) -> Decimal:
    """What all lines come to, before discount, delivery and tax."""
    return sum(line_totals, start=NOTHING)
