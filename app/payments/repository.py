"""The SQL of payment attempts and refunds."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, insert, null, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.payments.models import PaymentAttempt, PaymentRefund


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as it is put on record. `amount` in major units of `currency`."""

    charge_key: str
    user_id: int
    cart_id: int
    cart_turn: int
    amount: Decimal
    currency: str
    outcome: str
    reference: str | None
    order_id: int | None
    voided: bool


@dataclass(frozen=True, slots=True)
class Paid:
    """A live charge of an order that was not refunded."""

    id: int
    charge_key: str
    amount: Decimal
    currency: str


class PaymentRepository:
    """Attempts and refunds in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ended(self, cart_id: int, cart_turn: int) -> int:
        """How many attempts of this turn of the cart took nothing: declined or voided."""
        query = select(func.count()).where(
            PaymentAttempt.cart_id == cart_id,
            PaymentAttempt.cart_turn == cart_turn,
            or_(PaymentAttempt.outcome == "declined", PaymentAttempt.voided_at.is_not(None)),
        )
        return await self._session.scalar(query) or 0

    async def record(self, row: AttemptRow) -> bool:
        """Write the attempt; what is known of it by now replaces what was. False when it has an order already."""
        values = {
            "charge_key": row.charge_key,
            "user_id": row.user_id,
            "cart_id": row.cart_id,
            "cart_turn": row.cart_turn,
            "amount": row.amount,
            "currency": row.currency,
            "outcome": row.outcome,
            "reference": row.reference,
            "order_id": row.order_id,
            "voided_at": func.now() if row.voided else null(),
        }
        fresh = upsert(PaymentAttempt).values(values)
        known = {name: fresh.excluded[name] for name in ("outcome", "reference", "order_id", "voided_at")}
        upsert_unless_ordered = fresh.on_conflict_do_update(
            index_elements=[PaymentAttempt.charge_key], set_=known, where=PaymentAttempt.order_id.is_(None)
        )
        return await self._session.scalar(upsert_unless_ordered.returning(PaymentAttempt.id)) is not None

    async def unrefunded(self, order_id: int) -> Paid | None:
        """The charge that paid for the order, unless it was given back."""
        query = (
            select(PaymentAttempt.id, PaymentAttempt.charge_key, PaymentAttempt.amount, PaymentAttempt.currency)
            .outerjoin(PaymentRefund)
            .where(
                PaymentAttempt.order_id == order_id,
                PaymentAttempt.outcome == "approved",
                PaymentAttempt.voided_at.is_(None),
                PaymentRefund.id.is_(None),
            )
        )
        row = (await self._session.execute(query)).one_or_none()
        return None if row is None else Paid(*row)

    async def record_refund(self, attempt_id: int, amount: Decimal, reference: str) -> None:
        """Write the refund; a second one of the same charge is refused by the database."""
        values = {"attempt_id": attempt_id, "amount": amount, "reference": reference}
        await self._session.execute(insert(PaymentRefund).values(values))
