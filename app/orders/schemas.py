"""Orders on the wire."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from app.core.values import MoneyOut, PlainDecimal, TimestampOut, money_text
from app.orders.models import Order, OrderItem, OrderStatus
from app.orders.placed import PlacedLine, PlacedOrder
from app.payments.service import PaymentOptions


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: None means any. `created_from` inclusive, `created_to` exclusive, `email` the buyer's."""

    user_id: int | None = None
    status: OrderStatus | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    email: str | None = None


# Requests under an Idempotency-Key are told apart by what is dumped, so a value is dumped in one way, however it was
# written: 20, 20.0 and 2e1 are one amount, and so are 0 and -0.
ExpectedTotal = Annotated[
    Decimal,
    PlainDecimal,
    Field(ge=0, max_digits=28, decimal_places=2),
    AfterValidator(abs),
    PlainSerializer(money_text, return_type=str),
]


class CheckoutRequest(BaseModel):
    """What a buyer may say at checkout; `{}` is enough."""

    force_payment_failure: bool = Field(default=False, description="Honoured by the mock payment service alone.")
    expected_total: ExpectedTotal | None = Field(
        default=None,
        examples=["31.80"],
        description="The total the buyer saw; checkout is refused when it is another.",
    )

    def payment_options(self) -> PaymentOptions:
        """What the payment service is told besides the amount."""
        return {"force_fail": self.force_payment_failure}


class InsufficientStockItem(BaseModel):
    """A line that asks for more copies than there are."""

    book_id: int
    title: str
    requested: int
    available: int


class OrderBook(BaseModel):
    """The book as it is sold now."""

    id: int
    title: str
    author: str
    cover_image_url: str | None
    price: MoneyOut


class OrderItemOut(BaseModel):
    """A line with the snapshot of the purchase; `book` is null once the book is no longer sold."""

    id: int
    book_id: int | None
    quantity: int
    unit_price: MoneyOut
    title: str | None
    author: str | None
    isbn: str | None
    book: OrderBook | None

    @classmethod
    def of(cls, item: OrderItem | PlacedLine) -> Self:
        """The line; `item.book` must be loaded. What the snapshot lacks comes from the live book."""
        book = item.book
        return cls(
            id=item.id,
            book_id=item.book_id,
            quantity=item.quantity,
            unit_price=item.unit_price,
            title=item.title if item.title is not None or book is None else book.title,
            author=item.author if item.author is not None or book is None else book.author,
            isbn=item.isbn if item.isbn is not None or book is None else book.isbn,
            book=None if book is None else OrderBook.model_validate(book, from_attributes=True),
        )


class OrderEventOut(BaseModel):
    """A step of the order's life."""

    model_config = ConfigDict(from_attributes=True)

    status: OrderStatus
    reason: str | None
    created_at: TimestampOut


class OrderOut(BaseModel):
    """An order as its buyer sees it."""

    id: int
    status: OrderStatus
    created_at: TimestampOut
    items: list[OrderItemOut]
    total_price: MoneyOut
    currency: Annotated[str, Field(examples=["USD"])]
    events: list[OrderEventOut]

    @classmethod
    def of(cls, order: Order | PlacedOrder) -> Self:
        """The order; its items, their books and its events must be loaded."""
        return cls(**_shown(order))


class CancelRequest(BaseModel):
    """Why staff cancel an order; the buyer can read it."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        examples=["The last copy was damaged."]
    )


class AdminOrderOut(OrderOut):
    """An order as staff see it."""

    user_id: int
    user_email: str

    @classmethod
    def of_user(cls, order: Order, email: str) -> Self:
        """The order with its buyer; loaded as for `OrderOut.of`."""
        return cls(**_shown(order), user_id=order.user_id, user_email=email)


def _shown(order: Order | PlacedOrder) -> dict[str, object]:
    return {
        "id": order.id,
        "status": order.status,
        "created_at": order.created_at,
        "items": [OrderItemOut.of(item) for item in order.items],
        "total_price": order.items_total,
        "currency": order.currency,
        "events": [OrderEventOut.model_validate(event) for event in order.events],
    }
