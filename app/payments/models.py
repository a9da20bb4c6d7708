"""What was asked of the payment service, and what it gave back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CHAR, BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, Timestamp

LIVE = text("outcome = 'approved' AND voided_at IS NULL")


class PaymentAttempt(Base):
    """One charge that was asked for, by the key it was asked under. `amount` in major units of `currency`.

    `errored` means that the service's answer is not known. An attempt that was voided took nothing in the end.
    """

    __tablename__ = "payment_attempts"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("outcome IN ('approved', 'declined', 'errored')", name="outcome"),
        Index("ix_payment_attempts_cart_id_checkout_number", "cart_id", "checkout_number"),
        Index("uq_payment_attempts_order_id_live", "order_id", unique=True, postgresql_where=LIVE),
        Index(
            "uq_payment_attempts_cart_id_checkout_number_live",
            "cart_id",
            "checkout_number",
            unique=True,
            postgresql_where=LIVE,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    charge_key: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    cart_id: Mapped[int | None]
    checkout_number: Mapped[int | None]
    amount: Mapped[Decimal] = mapped_column(Numeric)
    currency: Mapped[str] = mapped_column(CHAR(3))
    outcome: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str | None] = mapped_column(String(64))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"))
    created_at: Mapped[CreatedAt]
    voided_at: Mapped[Timestamp | None]


class PaymentRefund(Base):
    """A charge given back, whole and once."""

    __tablename__ = "payment_refunds"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempts.id"), unique=True)
    amount: Mapped[Decimal] = mapped_column(Numeric)
    reference: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[CreatedAt]


@dataclass(frozen=True, slots=True)
class EndedPayments:
    """The attempts of one filling of a cart that took nothing, as they stand under the lock of the cart row.

    `declined_lately` counts those that were declined within an hour, the first of them at `first_declined_at`.
    """

    count: int
    declined_lately: int
    first_declined_at: datetime | None
