"""Orders on the wire."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from app.accounts.schemas import Email
from app.addresses.rules import check
from app.addresses.schemas import Address, Line
from app.core.money import TaxMode
from app.core.values import Id, MoneyOut, PlainDecimal, TimestampOut, money_text
from app.delivery.rules import Place
from app.orders.models import Order, OrderItem, OrderStatus
from app.orders.placed import PlacedLine, PlacedOrder, rate_text
from app.payments.service import PaymentOptions


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: None means any. `created_from` inclusive, `created_to` exclusive, `email` the account's or
    the one of the order, `number` as `order_number` reads it.
    """

    user_id: int | None = None
    status: OrderStatus | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    email: str | None = None
    number: str | None = None


# Requests under an Idempotency-Key are told apart by what is dumped, so a value is dumped in one way, however it was
# written: 20, 20.0 and 2e1 are one amount, and so are 0 and -0.
ExpectedTotal = Annotated[
    Decimal,
    PlainDecimal,
    Field(ge=0, max_digits=28, decimal_places=2),
    AfterValidator(abs),
    PlainSerializer(money_text, return_type=str),
]


RateOut = Annotated[
    Decimal,
    PlainSerializer(rate_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["0.07"]}, mode="serialization"),
]


class DeliveryChoice(BaseModel):
    """A way of delivery out of `GET /delivery/options`."""

    method: Annotated[Id, Field(examples=[1])]


class CheckoutRequest(BaseModel):
    """What a buyer may say at checkout; for an account `{}` is enough: it collects in the shop."""

    force_payment_failure: bool = Field(default=False, description="Honoured by the mock payment service alone.")
    expected_total: ExpectedTotal | None = Field(
        default=None,
        examples=["31.80"],
        description="The grand total the buyer saw; checkout is refused when it is another.",
    )
    email: Email | None = Field(default=None, description="Where mails of the order go. Null: to the account.")
    name: Annotated[Line, Field(description="Who buys. Null: as the address or the account says.")] = None
    delivery: DeliveryChoice | None = Field(default=None, description="Null: the first way to collect in the shop.")
    ship_to: Address | None = Field(default=None, description="Where a parcel goes; not kept where nothing is sent.")
    bill_to: Address | None = Field(default=None, description="Who is billed, where that is another address.")

    @property
    def method_id(self) -> int | None:
        """The chosen way of delivery; None is the first that collects."""
        return self.delivery.method if self.delivery else None

    @property
    def place(self) -> Place | None:
        """Where a parcel would go."""
        return Place.of(self.ship_to) if self.ship_to else None

    def checked(self) -> Self:
        """The request with its addresses as their countries know them.

        Raises:
            AddressInvalid: with a sentence for each field of the address that is missing or wrong.
        """
        right: dict[str, Address] = {}
        if self.ship_to:
            right["ship_to"] = check(self.ship_to, needs_name=True, within="ship_to")
        if self.bill_to:
            right["bill_to"] = check(self.bill_to, needs_name=True, within="bill_to")
        return self.model_copy(update=right)

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
    line_total: MoneyOut
    discount: MoneyOut
    tax_category: str | None
    tax_rate: RateOut
    tax: MoneyOut

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
            line_total=item.line_total,
            discount=item.discount,
            tax_category=item.tax_category,
            tax_rate=item.tax_rate,
            tax=item.tax,
        )


class OrderEventOut(BaseModel):
    """A step of the order's life."""

    model_config = ConfigDict(from_attributes=True)

    status: OrderStatus
    reason: str | None
    created_at: TimestampOut


class OrderTaxOut(BaseModel):
    """What of an order is taxed at one rate. In mode `included` goods and delivery contain the tax."""

    rate: RateOut
    goods: MoneyOut
    delivery: MoneyOut
    tax: MoneyOut


class OrderDeliveryOut(BaseModel):
    """How an order gets to its buyer: collected (`collect_at` says where) or sent (`ship_to` does)."""

    kind: Literal["collect", "ship"]
    name: str | None
    collect_at: dict[str, Any] | None
    ship_to: dict[str, Any] | None


class OrderOut(BaseModel):
    """An order as its buyer sees it. `number` is what people call it by; `total_price` is what the books cost."""

    id: int
    status: OrderStatus
    created_at: TimestampOut
    items: list[OrderItemOut]
    total_price: MoneyOut
    currency: Annotated[str, Field(examples=["USD"])]
    events: list[OrderEventOut]
    number: Annotated[str, Field(examples=["7K2M-9QXT"])]
    email: str | None
    name: str | None
    delivery: OrderDeliveryOut | None
    bill_to: dict[str, Any] | None
    items_total: MoneyOut
    discount_total: MoneyOut
    delivery_total: MoneyOut
    tax_mode: TaxMode
    taxes: list[OrderTaxOut]
    tax_total: MoneyOut
    grand_total: MoneyOut
    access_token: Annotated[str | None, Field(description="Opens the order of a guest; null for accounts")]

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

    user_id: Annotated[int | None, Field(description="Null for a guest, and where the account was deleted")]
    user_email: Annotated[str, Field(description="The address of the account; without one, that of the order")]

    @classmethod
    def of_user(cls, order: Order, email: str) -> Self:
        """The order with its buyer's address; loaded as for `OrderOut.of`."""
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
        "number": order.number,
        "email": order.email,
        "name": order.name,
        "delivery": _delivery(order),
        "bill_to": order.bill_to,
        "items_total": order.items_total,
        "discount_total": order.discount_total,
        "delivery_total": order.delivery_total,
        "tax_mode": order.tax_mode,
        "taxes": order.taxes,
        "tax_total": order.tax_total,
        "grand_total": order.grand_total,
        "access_token": order.access_token,
    }


def _delivery(order: Order | PlacedOrder) -> dict[str, object] | None:
    if order.delivery_kind is None:
        return None
    return {
        "kind": order.delivery_kind,
        "name": order.delivery_name,
        "collect_at": order.collect_at,
        "ship_to": order.ship_to,
    }
