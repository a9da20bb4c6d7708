"""Orders, their lines, and the answers kept under an Idempotency-Key."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.models import Book
from app.core.db.base import Base, CreatedAt, IntKey, Timestamp, stored_by_value

Total = Annotated[Decimal, mapped_column(Numeric, default=Decimal(0), server_default="0")]


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
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "items_total >= 0 AND discount_total >= 0 AND delivery_total >= 0 AND tax_total >= 0"
            " AND grand_total >= 0",
            name="totals_not_negative",
        ),
        CheckConstraint(
            "grand_total IN (items_total - discount_total + delivery_total,"
            " items_total - discount_total + delivery_total + tax_total)",
            name="totals_add_up",
        ),
        Index("ix_orders_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("ix_orders_created_at_id", "created_at", "id"),
        Index("ix_orders_status_created_at", "status", "created_at"),
    )

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    status: Mapped[OrderStatus] = mapped_column(
        Enum(OrderStatus, name="orderstatus", values_callable=stored_by_value),
        default=OrderStatus.CONFIRMED,
        server_default=OrderStatus.CONFIRMED.value,
    )
    created_at: Mapped[CreatedAt]
    currency: Mapped[str] = mapped_column(CHAR(3), default="USD", server_default="USD")
    payment_reference: Mapped[str | None] = mapped_column(String(64))
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
    """The first completed answer to a checkout under the buyer's key, replayed byte for byte."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(CHAR(64))
    response_status: Mapped[int] = mapped_column(SmallInteger)
    response_body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
