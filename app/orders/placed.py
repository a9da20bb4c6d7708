"""What a checkout finds and writes, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from app.accounts.caller import Caller
from app.cart.models import CartOwner, LockedCart
from app.catalog.stock import LockedBook
from app.core.money import TaxMode
from app.core.values import money_text
from app.orders.models import OrderStatus
from app.orders.pricing import LineTotals, TaxLine, Totals
from app.payments.models import EndedPayments


@dataclass(frozen=True, slots=True)
class KeptKeys:
    """How many Idempotency-Keys of a buyer are kept, up to one beyond the bound; the first until `first_until`."""

    count: int
    first_until: datetime | None


@dataclass(frozen=True, slots=True)
class Begun:
    """What a checkout finds behind the lock of the cart row; without a cart behind that of the account, if any."""

    cart: LockedCart
    payments: EndedPayments
    keys: KeptKeys


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be written, with the snapshot of its book."""

    book: LockedBook
    quantity: int

    @property
    def unit_price(self) -> Decimal:
        return self.book.price

    @property
    def tax_category(self) -> str:
        return self.book.tax_category

    @property
    def weight_grams(self) -> int | None:
        return self.book.weight_grams


def rate_text(rate: Decimal) -> str:
    """A rate as short as it can be written: `0.07`, `0`."""
    return f"{rate.normalize():f}"


def told(tax: TaxLine) -> Mapping[str, str]:
    """The line as an order stores it: all numbers as on the wire."""
    return {
        "rate": rate_text(tax.rate),
        "goods": money_text(tax.goods),
        "delivery": money_text(tax.delivery),
        "tax": money_text(tax.tax),
    }


@dataclass(frozen=True, slots=True)
class Guest:
    """Who buys without an account: whoever holds the token of the cart. It reads like a `Caller`."""

    owner: CartOwner
    id: None = None
    email: None = None
    display_name: None = None


AnyBuyer: TypeAlias = Caller | Guest


def owner_of(buyer: AnyBuyer) -> CartOwner:
    """Whose cart the buyer pays for."""
    return buyer.owner if isinstance(buyer, Guest) else CartOwner(buyer.id)


Snapshot = Mapping[str, object]
"""An address or a place to collect at, as it stands on an order."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order says besides its lines and totals: who buys, and how it gets to them.

    `delivery_kind` is `collect` (then `collect_at` says where) or `ship` (then `ship_to` does). `access_token` opens
    the order of a guest.
    """

    email: str | None = None
    name: str | None = None
    delivery_kind: str | None = None
    delivery_method_id: int | None = None
    delivery_name: str | None = None
    collect_at: Snapshot | None = None
    ship_to: Snapshot | None = None
    bill_to: Snapshot | None = None
    access_token: str | None = None


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line that was written; it reads like an `OrderItem`."""

    id: int
    book: LockedBook
    quantity: int
    totals: LineTotals

    @property
    def line_total(self) -> Decimal:
        return self.totals.total

    @property
    def discount(self) -> Decimal:
        return self.totals.discount

    @property
    def tax_category(self) -> str:
        return self.book.tax_category

    @property
    def tax_rate(self) -> Decimal:
        return self.totals.rate

    @property
    def tax(self) -> Decimal:
        return self.totals.tax

    @property
    def book_id(self) -> int:
        return self.book.id

    @property
    def unit_price(self) -> Decimal:
        return self.book.price

    @property
    def title(self) -> str:
        return self.book.title

    @property
    def author(self) -> str:
        return self.book.author

    @property
    def isbn(self) -> str | None:
        return self.book.isbn


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """The first event of a placed order; it reads like an `OrderEvent`."""

    created_at: datetime
    status: OrderStatus = OrderStatus.CONFIRMED
    reason: str | None = None


class Priced:
    """What is told of `totals`, under the names that an `Order` has."""

    __slots__ = ()
    totals: Totals

    @property
    def taxes(self) -> Sequence[Mapping[str, str]]:
        return [told(tax) for tax in self.totals.taxes]

    @property
    def tax_mode(self) -> TaxMode:
        return self.totals.mode

    @property
    def items_total(self) -> Decimal:
        return self.totals.items_total

    @property
    def discount_total(self) -> Decimal:
        return self.totals.discount_total

    @property
    def delivery_total(self) -> Decimal:
        return self.totals.delivery_total

    @property
    def tax_total(self) -> Decimal:
        return self.totals.tax_total

    @property
    def grand_total(self) -> Decimal:
        return self.totals.grand_total


@dataclass(frozen=True, slots=True)
class PlacedOrder(Priced):
    """An order that was written; it reads like an `Order`, without what makes those slow to build."""

    id: int
    number: str
    created_at: datetime
    currency: str
    items: Sequence[PlacedLine]
    totals: Totals
    terms: Terms
    status: OrderStatus = OrderStatus.CONFIRMED

    @property
    def events(self) -> Sequence[PlacedEvent]:
        return [PlacedEvent(self.created_at)]

    @property
    def email(self) -> str | None:
        return self.terms.email

    @property
    def name(self) -> str | None:
        return self.terms.name

    @property
    def delivery_kind(self) -> str | None:
        return self.terms.delivery_kind

    @property
    def delivery_name(self) -> str | None:
        return self.terms.delivery_name

    @property
    def collect_at(self) -> Snapshot | None:
        return self.terms.collect_at

    @property
    def ship_to(self) -> Snapshot | None:
        return self.terms.ship_to

    @property
    def bill_to(self) -> Snapshot | None:
        return self.terms.bill_to

    @property
    def access_token(self) -> str | None:
        return self.terms.access_token
