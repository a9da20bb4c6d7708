"""What an order comes to, row by row: the stored numbers, as mails, pages and receipts print them under its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from app.core.money import TaxMode


class Summed(Protocol):
    """Stored totals in major units; `taxes` as `OrderTaxOut` has them."""

    @property
    def items_total(self) -> Decimal: ...
    @property
    def discount_total(self) -> Decimal: ...
    @property
    def delivery_total(self) -> Decimal: ...
    @property
    def delivery_kind(self) -> str | None: ...
    @property
    def delivery_name(self) -> str | None: ...
    @property
    def tax_mode(self) -> TaxMode: ...
    @property
    def taxes(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def grand_total(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Sum:
    """A row: its words, its amount in major units, and whether it is the total."""

    label: str
    amount: Decimal
    is_total: bool = False


def sums_of(order: Summed) -> list[Sum]:
    """Items, discount, delivery and added tax, as far as there are any; the total; then the tax that is in it."""
    parts = []
    if order.discount_total:
        parts.append(Sum("Discount", -order.discount_total))
    if order.delivery_total or order.delivery_kind == "ship":
        parts.append(
            Sum(f"Delivery: {order.delivery_name}" if order.delivery_name else "Delivery", order.delivery_total)
        )
    if order.tax_mode == TaxMode.ADDED:
        parts += [Sum(f"Tax {percent(tax['rate'])}", Decimal(tax["tax"])) for tax in order.taxes]
    if parts:
        parts.insert(0, Sum("Books", order.items_total))
    parts.append(Sum("Total", order.grand_total, is_total=True))
    if order.tax_mode == TaxMode.INCLUDED:
        parts += [Sum(f"Tax {percent(tax['rate'])} in it", Decimal(tax["tax"])) for tax in order.taxes]
    return parts


def percent(rate: str | Decimal) -> str:
    """A rate for people: 0.07 is `7 %`, 0.0825 is `8.25 %`."""
    return f"{(Decimal(rate) * 100).normalize():f} %"
