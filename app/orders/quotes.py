"""What a checkout would come to: the quote, and how it stands on the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel

from app.addresses.schemas import Address
from app.core.money import TaxMode
from app.core.values import MoneyOut
from app.delivery.rules import Kind
from app.delivery.schemas import Chosen
from app.orders.placed import NewLine, Priced
from app.orders.pricing import Totals
from app.orders.schemas import OrderDeliveryOut, OrderTaxOut, RateOut


@dataclass(frozen=True, slots=True)
class Quote(Priced):
    """What the lines of a cart would come to, delivered like that; amounts in major units of `currency`."""

    currency: str
    lines: Sequence[NewLine]
    totals: Totals
    delivery: Chosen

    @property
    def delivery_kind(self) -> str:
        return self.delivery.kind

    @property
    def delivery_name(self) -> str:
        return self.delivery.name


class QuoteLine(BaseModel):
    """A line of the cart at the price of now."""

    book_id: int
    quantity: int
    unit_price: MoneyOut
    line_total: MoneyOut
    tax_rate: RateOut
    tax: MoneyOut


class QuoteOut(BaseModel):
    """What a checkout would come to now. `grand_total` is what `expected_total` is compared with."""

    currency: str
    items: list[QuoteLine]
    delivery: OrderDeliveryOut
    items_total: MoneyOut
    discount_total: MoneyOut
    delivery_total: MoneyOut
    tax_mode: TaxMode
    taxes: list[OrderTaxOut]
    tax_total: MoneyOut
    grand_total: MoneyOut

    @classmethod
    def of(cls, quote: Quote, ship_to: Address | None) -> Self:
        """The quote as it is shown, for a parcel to that address."""
        chosen, totals = quote.delivery, quote.totals
        items = [
            QuoteLine(
                book_id=line.book.id,
                quantity=line.quantity,
                unit_price=line.unit_price,
                line_total=part.total,
                tax_rate=part.rate,
                tax=part.tax,
            )
            for line, part in zip(quote.lines, totals.lines, strict=True)
        ]
        return cls(
            currency=quote.currency,
            items=items,
            delivery=OrderDeliveryOut(
                kind=chosen.kind.value,
                name=chosen.name,
                collect_at=chosen.location,
                ship_to=ship_to.given() if ship_to and chosen.kind is Kind.SHIP else None,
            ),
            items_total=totals.items_total,
            discount_total=totals.discount_total,
            delivery_total=totals.delivery_total,
            tax_mode=totals.mode,
            taxes=[OrderTaxOut.model_validate(tax) for tax in quote.taxes],
            tax_total=totals.tax_total,
            grand_total=totals.grand_total,
        )
