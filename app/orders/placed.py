"""What a checkout locks and writes, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.orders.models import OrderStatus
from app.orders.pricing import Totals


@dataclass(frozen=True, slots=True)
class LockedBook:
    """A book as it stands under its row lock. `price` in major units of the shop's currency."""

    id: int
    title: str
    author: str
    isbn: str | None
    price: Decimal
    cover_image_url: str | None
    stock_quantity: int


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
