"""The SQL of payment attempts and refunds."""

from dataclasses import astuple, dataclass
from decimal import Decimal

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.batch import Batch
from app.core.db.driver import driver
from app.payments.models import PaymentAttempt, PaymentRefund


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as it is put on record, in the order of `_RECORD`. `amount` in major units of `currency`."""

    charge_key: str
    user_id: int | None
    cart_id: int
    checkout_number: int
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


_RECORD = """
    INSERT INTO payment_attempts AS known
        (charge_key, user_id, cart_id, checkout_number, amount, currency, outcome, reference, order_id, voided_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $10 THEN now() END)
    ON CONFLICT (charge_key) DO UPDATE SET outcome = excluded.outcome, reference = excluded.reference,
        order_id = excluded.order_id, voided_at = excluded.voided_at
    WHERE known.order_id IS NULL
    RETURNING id
"""


class PaymentRepository:
    """Attempts and refunds in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def record(self, row: AttemptRow) -> bool:
        """Write the attempt; what is known of it by now replaces what was. False when it has an order already."""
        return await (await driver(self._session)).fetchval(_RECORD, *astuple(row)) is not None

    def record_in(self, batch: Batch, row: AttemptRow) -> None:
        """Write the attempt with that batch."""
        batch.add(_RECORD, *astuple(row))

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
