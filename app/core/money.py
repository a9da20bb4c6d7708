"""Amounts of money: exact in minor units, shown in major units; and what goods come to.

Amounts are Decimals in major units of a currency (dollars, yen, dinars), which has 2, 0 or 3 decimals. The largest
price times 2^31 copies has 21 digits, and a Decimal keeps 28.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

NOTHING = Decimal("0.00")


class TaxMode(StrEnum):
    """Whether prices contain tax (EU, UK), have it added at checkout (US), or the shop charges none."""

    NONE = "none"
    INCLUDED = "included"
    ADDED = "added"


class NotInCurrency(ValueError):
    """An amount with more decimals than its currency has."""


def to_minor(amount: Decimal, decimals: int) -> int:
    """The amount in minor units: 19.90 with two decimals is 1990.

    Raises:
        NotInCurrency: it is no whole number of them; nothing is ever rounded here.
    """
    scaled = amount.scaleb(decimals)
    minor = int(scaled)
    if minor != scaled:
        raise NotInCurrency(f"{amount} has more than {decimals} decimals")
    return minor


def from_minor(minor: int, decimals: int) -> Decimal:
    """The amount in major units, with at least the two decimals that amounts are written with everywhere."""
    return Decimal(minor).scaleb(-decimals).quantize(Decimal(1).scaleb(-max(decimals, 2)))


def half_up(exact: Fraction) -> int:
    """The nearest whole number of an amount that is not negative; a half goes up, as tax offices want it."""
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` split by the weights so that the parts add up to it (largest remainder; of equal ones the first).

    Weights are not negative. Where all are 0, each counts alike. Each part is within one unit of its exact share, and
    0 where its weight is 0 and another is not.
    """
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    rest = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in by_remainder[:rest]:
        parts[place] += 1
    return parts


def line_total(unit_price: Decimal, quantity: int) -> Decimal:
    """What so many copies cost. The database says the same in the generated column `order_items.line_total`."""
    return unit_price * quantity


def items_total(line_totals: Iterable[Decimal]) -> Decimal:
    """What all lines come to, before discount, delivery and tax."""
    return sum(line_totals, start=NOTHING)
