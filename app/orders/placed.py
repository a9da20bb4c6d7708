"""What a checkout finds and writes, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.cart.models import LockedCart
from app.catalog.stock import LockedBook
from app.orders.models import OrderStatus
from app.orders.pricing import Totals
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


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line that was written; it reads like an `OrderItem`."""

    id: int
    book: LockedBook
    quantity: int
    line_total: Decimal

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


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order that was written; it reads like an `Order`, without what makes those slow to build."""

    id: int
    created_at: datetime
    currency: str
    items: Sequence[PlacedLine]
    totals: Totals
    status: OrderStatus = OrderStatus.CONFIRMED

    @property
    def events(self) -> Sequence[PlacedEvent]:
        return [PlacedEvent(self.created_at)]

    @property
    def items_total(self) -> Decimal:
        return self.totals.items_total

    @property
    def grand_total(self) -> Decimal:
        return self.totals.grand_total
