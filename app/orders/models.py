"""Orders, their lines, and the answers kept under an Idempotency-Key."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Computed,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Book
from app.core.db.base import Base, CreatedAt, IntKey, Timestamp, stored_by_value
from app.core.money import TaxMode

Total = Annotated[Decimal, mapped_column(Numeric, default=Decimal(0), server_default="0")]
Rate = Annotated[Decimal, mapped_column(Numeric(7, 5))]
Snapshot = Annotated[dict[str, Any], mapped_column(JSONB(none_as_null=True))]


class OrderStatus(StrEnum):
    """Checkout writes CONFIRMED only; PAYMENT_FAILED is kept for gateways that decline afterwards.

    The steps from one to the next stand in `app.orders.rules`.
    """

    CONFIRMED = "confirmed"
    PAYMENT_FAILED = "payment_failed"
    CANCELLED = "cancelled"


class Order(Base):
    """A paid purchase; its lines carry the prices of that moment, in major units of `currency`.

    The totals are those of `app.orders.pricing`, stored by checkout. Without any, an order has those of no lines; a
    trigger lets `items_total` and `grand_total` follow lines that come later.

    `number` is what people call it by; unlike the id it does not tell how many there are. `user_id` is None for a
    guest, and where the account was deleted since; `email` and `name` are those of the purchase. Addresses and the
    place where an order is collected are snapshots (`app.addresses`), which follow nothing that changes afterwards;
    so is `delivery_method_id`, whose method may have gone. `taxes` has for each rate what is taxed and how much
    (`TaxLine`), amounts as texts, for JSON numbers are read as floats. `access_token` opens the order of a guest.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "items_total >= 0 AND discount_total >= 0 AND delivery_total >= 0 AND tax_total >= 0"
            " AND grand_total >= 0",
            name="totals_not_negative",
        ),
        CheckConstraint(
            "grand_total = items_total - discount_total + delivery_total"
            " + CASE WHEN tax_mode = 'added' THEN tax_total ELSE 0 END",
            name="totals_add_up",
        ),
        CheckConstraint("delivery_kind <> 'ship' OR ship_to IS NOT NULL", name="shipped_somewhere"),
        CheckConstraint("delivery_kind IN ('collect', 'ship')", name="delivery_kind_known"),
        CheckConstraint("tax_mode IN ('none', 'included', 'added')", name="tax_mode_known"),
        CheckConstraint("tax_mode <> 'none' OR tax_total = 0", name="untaxed"),
        UniqueConstraint("number"),
        UniqueConstraint("access_token"),
        Index("ix_orders_email", func.lower(text("email")), "created_at", "id"),
        Index("ix_orders_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("ix_orders_created_at_id", "created_at", "id"),
        Index("ix_orders_status_created_at", "status", "created_at"),
    )

    id: Mapped[IntKey]
    number: Mapped[str] = mapped_column(String(9), server_default=text("bookstore_order_number()"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    email: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(100))
    status: Mapped[OrderStatus] = mapped_column(
        Enum(OrderStatus, name="orderstatus", values_callable=stored_by_value),
        default=OrderStatus.CONFIRMED,
        server_default=OrderStatus.CONFIRMED.value,
    )
    created_at: Mapped[CreatedAt]
    currency: Mapped[str] = mapped_column(CHAR(3), default="USD", server_default="USD")
    payment_reference: Mapped[str | None] = mapped_column(String(64))
    access_token: Mapped[str | None] = mapped_column(String(43))
    delivery_kind: Mapped[str | None] = mapped_column(String(10))
    delivery_method_id: Mapped[int | None]
    delivery_name: Mapped[str | None] = mapped_column(String(100))
    collect_at: Mapped[Snapshot | None]
    ship_to: Mapped[Snapshot | None]
    bill_to: Mapped[Snapshot | None]
    tax_mode: Mapped[TaxMode] = mapped_column(String(10), default=TaxMode.NONE, server_default=TaxMode.NONE.value)
    taxes: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list, server_default="[]")
    items_total: Mapped[Total]
    discount_total: Mapped[Total]
    delivery_total: Mapped[Total]
    tax_total: Mapped[Total]
    grand_total: Mapped[Total]
    items: Mapped[list["OrderItem"]] = relationship(
        back_populates="order", order_by="OrderItem.id", passive_deletes=True, lazy="raise"
    )
    events: Mapped[list["OrderEvent"]] = relationship(order_by="OrderEvent.id", passive_deletes=True, lazy="raise")


class OrderItem(Base):
    """A line of an order with its snapshot; it survives the deletion of the book."""

    __tablename__ = "order_items"
    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity_positive"),
        CheckConstraint("unit_price >= 0", name="unit_price_not_negative"),
        CheckConstraint("discount >= 0 AND tax_rate >= 0 AND tax >= 0", name="parts_not_negative"),
    )

    id: Mapped[IntKey]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    book_id: Mapped[int | None] = mapped_column(ForeignKey("books.id", ondelete="SET NULL"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    line_total: Mapped[Decimal] = mapped_column(Numeric, Computed("unit_price * quantity::numeric", persisted=True))
    title: Mapped[str | None] = mapped_column(String(500))
    author: Mapped[str | None] = mapped_column(String(255))
    isbn: Mapped[str | None] = mapped_column(String(17))
    discount: Mapped[Total]
    tax_category: Mapped[str | None] = mapped_column(String(10))
    tax_rate: Mapped[Rate] = mapped_column(default=Decimal(0), server_default="0")
    tax: Mapped[Total]
    order: Mapped[Order] = relationship(back_populates="items", lazy="raise")
    book: Mapped[Book | None] = relationship(passive_deletes=True, lazy="raise")


class OrderEvent(Base):
    """A step of an order's life: the status it reached, who took it there, and why."""

    __tablename__ = "order_events"
    __table_args__ = (Index("ix_order_events_order_id_id", "order_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    status: Mapped[OrderStatus] = mapped_column(
        Enum(OrderStatus, name="orderstatus", values_callable=stored_by_value)
    )
    reason: Mapped[str | None] = mapped_column(String(200))
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[CreatedAt]


class SalesCounter(Base):
    """By how much a statement changed what the confirmed orders of an hour (in UTC) come to: all of them add up.

    Written by triggers on `orders` and `order_items`, so that all who write have rows of their own and nobody waits.
    """

    __tablename__ = "sales_counters"
    __table_args__ = (Index("ix_sales_counters_hour", "hour"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hour: Mapped[Timestamp]
    orders: Mapped[int]
    copies: Mapped[int] = mapped_column(BigInteger)
    revenue: Mapped[Decimal] = mapped_column(Numeric)


class IdempotencyKey(Base):
    """The first completed answer to a checkout under the buyer's key, replayed byte for byte.

    Keys are those of an account, or of a guest's cart by the digest of its token.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        UniqueConstraint("token_digest", "key"),
        CheckConstraint("num_nonnulls(user_id, token_digest) = 1", name="one_owner"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    token_digest: Mapped[bytes | None]
    key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(CHAR(64))
    response_status: Mapped[int] = mapped_column(SmallInteger)
    response_body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
