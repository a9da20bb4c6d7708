"""What an order costs: a pure function on plain values, which alone adds up.

Checkout prices the lines it locked, compares the grand total with the one the buyer saw, charges it, and stores all
totals with the order. Whoever tells of an order afterwards reads what is stored. See
docs/decisions/0015-totals-are-stored.md and docs/prices.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from app.core.money import NOTHING, TaxMode, from_minor, half_up, shares, to_minor

UNTAXED = Decimal(0)


class PricedLine(Protocol):
    """So many copies at a price, in major units, taxed as books of that category are."""

    @property
    def unit_price(self) -> Decimal: ...
    @property
    def quantity(self) -> int: ...
    @property
    def tax_category(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Tax:
    """How the shop taxes a sale: its mode, and the rates (0.07 is 7 %) by category at the place of supply."""

    mode: TaxMode = TaxMode.NONE
    rates: Mapping[str, Decimal] = field(default_factory=dict)

    def rate(self, category: str) -> Decimal:
        """Raises KeyError where the shop taxes and has no rate for the category; delivery asks for them before."""
        return UNTAXED if self.mode is TaxMode.NONE else self.rates[category]


NO_TAX = Tax()


@dataclass(frozen=True, slots=True)
class LineTotals:
    """A line: `total` is unit price × quantity, `discount` its share, `tax` that of what is left.

    `paid` is what the buyer pays for it, and what a refund of the line gives back.
    """

    total: Decimal
    discount: Decimal
    rate: Decimal
    tax: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True)
class TaxLine:
    """What is taxed at one rate: goods after discount, their share of the delivery, and the tax of both together.

    In mode `included` goods and delivery contain the tax, in mode `added` they do not.
    """

    rate: Decimal
    goods: Decimal
    delivery: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order comes to, in major units of its currency; `lines` in the order given, `taxes` by ascending rate.

    `grand_total` is what the buyer pays: items − discount + delivery, and tax where prices do not contain it.
    `delivery_paid` is the part of it that is for delivery; with what is paid for the lines it adds up to the whole.
    """

    lines: tuple[LineTotals, ...]
    taxes: tuple[TaxLine, ...]
    mode: TaxMode
    items_total: Decimal
    discount_total: Decimal
    delivery_total: Decimal
    tax_total: Decimal
    delivery_paid: Decimal
    grand_total: Decimal


def price(
    lines: Iterable[PricedLine],
    *,
    delivery: Decimal = NOTHING,
    discount: Decimal = NOTHING,
    tax: Tax = NO_TAX,
    decimals: int = 2,
) -> Totals:
    """The totals of these lines in a currency with that many decimals.

    All sums are made of whole minor units. A discount is spread over the lines by what they cost, the delivery over
    the rates by what is taxed at each; the tax of a rate is rounded half up once, and spread over its lines and its
    part of the delivery. So parts add up to their totals.

    Raises:
        NotInCurrency: a price, the delivery or the discount has more decimals than the currency.
        ValueError: the discount is more than the lines cost.
    """
    lines = list(lines)
    amounts = [to_minor(line.unit_price, decimals) * line.quantity for line in lines]
    if to_minor(discount, decimals) > sum(amounts):
        raise ValueError("a discount is at most what the lines cost")
    discounts = shares(to_minor(discount, decimals), amounts) if lines else []
    nets = [amount - less for amount, less in zip(amounts, discounts, strict=True)]
    rates = [tax.rate(line.tax_category) for line in lines]
    groups = _groups(rates, nets, to_minor(delivery, decimals))
    taxed = {group.rate: group.taxed(tax.mode) for group in groups}
    line_taxes = _line_taxes(rates, groups, taxed)

    def major(minor: int) -> Decimal:
        return from_minor(minor, decimals)

    added = tax.mode is TaxMode.ADDED
    delivery_tax = sum(of_rate.delivery_tax for of_rate in taxed.values())
    tax_total = delivery_tax + sum(line_taxes)
    delivery_total = to_minor(delivery, decimals)
    return Totals(
        lines=tuple(
            LineTotals(major(amount), major(less), rate, major(owed), major(amount - less + owed * added))
            for amount, less, rate, owed in zip(amounts, discounts, rates, line_taxes, strict=True)
        ),
        taxes=()
        if tax.mode is TaxMode.NONE
        else tuple(
            TaxLine(group.rate, major(group.goods), major(group.delivery), major(taxed[group.rate].total))
            for group in groups
        ),
        mode=tax.mode,
        items_total=major(sum(amounts)),
        discount_total=major(sum(discounts)),
        delivery_total=major(delivery_total),
        tax_total=major(tax_total),
        delivery_paid=major(delivery_total + delivery_tax * added),
        grand_total=major(sum(nets) + delivery_total + tax_total * added),
    )


@dataclass(frozen=True, slots=True)
class _Taxed:
    """The tax of a rate in minor units: of each of its lines, and of its part of the delivery."""

    lines: Sequence[int]
    delivery_tax: int

    @property
    def total(self) -> int:
        return sum(self.lines) + self.delivery_tax


@dataclass(frozen=True, slots=True)
class _Group:
    """What is taxed at one rate, in minor units; `nets` of its lines in their order."""

    rate: Decimal
    nets: Sequence[int]
    delivery: int

    @property
    def goods(self) -> int:
        return sum(self.nets)

    def taxed(self, mode: TaxMode) -> _Taxed:
        base, rate = self.goods + self.delivery, Fraction(self.rate)
        if mode is TaxMode.INCLUDED:
            rate = rate / (1 + rate)
        owed = half_up(base * rate) if base else 0
        *lines, delivery_tax = shares(owed, [*self.nets, self.delivery])
        return _Taxed(lines, delivery_tax)


def _groups(rates: Sequence[Decimal], nets: Sequence[int], delivery: int) -> list[_Group]:
    """The lines by ascending rate, each with its share of the delivery."""
    of_rate: dict[Decimal, list[int]] = {rate: [] for rate in sorted(set(rates))}
    for rate, net in zip(rates, nets, strict=True):
        of_rate[rate].append(net)
    parts = shares(delivery, [sum(goods) for goods in of_rate.values()]) if of_rate else []
    return [_Group(rate, goods, part) for (rate, goods), part in zip(of_rate.items(), parts, strict=True)]


def _line_taxes(rates: Sequence[Decimal], groups: Sequence[_Group], taxed: Mapping[Decimal, _Taxed]) -> list[int]:
    """The tax of each line, in the order of the lines."""
    following = {group.rate: iter(taxed[group.rate].lines) for group in groups}
    return [next(following[rate]) for rate in rates]
