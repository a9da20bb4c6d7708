"""Charges and refunds through the payment service, each on record, each made once."""

import hashlib
import logging
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.batch import Batch
from app.core.db.transaction import Database, in_doubt, undo_unless_committed
from app.payments.repository import AttemptRow, PaymentRepository
from app.payments.service import Charge, ChargeStatus, PaymentOptions, PaymentService

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What is paid for: the goods of one filling of a cart. `amount` in major units of `currency`.

    `user_id` is that of the buyer's account, if any. `ended` counts the attempts of this filling that took nothing:
    declined or voided.
    """

    user_id: int | None
    cart_id: int
    checkout_number: int
    ended: int
    amount: Decimal
    currency: str


class PendingInProcess(RuntimeError):
    """A payment service that lives in the process left a charge open: there is nobody who would ask again."""

    def __init__(self, service: PaymentService, key: str) -> None:
        super().__init__(
            f"{type(service).__name__} lives in the process and answered that charge {key} is pending: it has to"
            " approve or to decline while the checkout holds its locks"
        )


@dataclass(slots=True)
class _Attempt:
    """A charge under way; `charge` is None until the service has answered."""

    key: str
    purchase: Purchase
    charge: Charge | None = None

    def row(self, *, order_id: int | None = None, voided: bool = False) -> AttemptRow:
        what, charge = self.purchase, self.charge
        return AttemptRow(
            charge_key=self.key,
            user_id=what.user_id,
            cart_id=what.cart_id,
            checkout_number=what.checkout_number,
            amount=what.amount,
            currency=what.currency,
            outcome=self._outcome(),
            reference=charge.reference if charge else None,
            order_id=order_id,
            voided=voided,
        )

    def _outcome(self) -> str:
        if self.charge is None or self.charge.status is ChargeStatus.PENDING:
            return "errored"
        return self.charge.status


class PaymentAttempts:
    """The payment service, seen from a transaction.

    A charge is recorded in the transaction that asked for it: approved with its order, declined while the cart is
    still locked, so that whoever waits for it knows of the decline. What its transaction cannot tell of (an unknown
    outcome, or a transaction that was rolled back) is voided where money may have moved, and recorded in a
    transaction of its own after the rollback.
    """

    def __init__(self, session: AsyncSession, database: Database, service: PaymentService) -> None:
        self._session = session
        self._database = database
        self._service = service
        self._repository = PaymentRepository(session)
        self._attempt: _Attempt | None = None

    async def charge(self, purchase: Purchase, options: PaymentOptions) -> Charge:
        """Charge for this filling of the cart: approved or declined. The cart row must be locked.

        The key of the charge depends on the cart, its checkout number, the amount and how many attempts of this
        filling have ended, and on nothing that a crash forgets: a retry asks under the same key and gets the first
        outcome.

        Raises:
            PendingInProcess: the service did neither. The charge is voided once the transaction was rolled back.
        """
        attempt = self._attempt = _Attempt(charge_key(purchase), purchase)
        undo_unless_committed(self._session, attempt.key, partial(self._end, attempt))
        charge = await self._service.charge(attempt.key, purchase.amount, purchase.currency, **options)
        attempt.charge = charge
        if charge.status is ChargeStatus.PENDING:
            raise PendingInProcess(self._service, attempt.key)
        return charge

    def record(self, batch: Batch, order_id: int | None = None) -> None:
        """Put the charge on record with `batch`: as the payment of that order, or as declined."""
        if self._attempt is None:
            raise AssertionError("nothing was charged in this transaction")
        self._repository.record_in(batch, self._attempt.row(order_id=order_id))

    async def refund(self, order_id: int) -> Decimal | None:
        """Give back what was paid for the order; None when it was given back before or nothing was paid.

        The order row must be locked. The service is asked under a key of the charge, so that a repetition finds the
        first refund.
        """
        paid = await self._repository.unrefunded(order_id)
        if paid is None:
            return None
        reference = await self._service.refund(paid.charge_key, f"refund-{paid.id}", paid.amount, paid.currency)
        await self._repository.record_refund(paid.id, paid.amount, reference)
        return paid.amount

    async def _end(self, attempt: _Attempt) -> None:
        """The transaction is over and, for all this process knows, left no order: void what may have been taken."""
        declined = attempt.charge is not None and attempt.charge.status is ChargeStatus.DECLINED
        if not declined:
            if in_doubt(self._session) and await self._has_order(attempt):
                log.warning("the answer to COMMIT was lost, but the order stands: charge %s is kept", attempt.key)
                return
            await self._void(attempt)
        await self._on_record_apart(attempt.row(voided=not declined))

    async def _has_order(self, attempt: _Attempt) -> bool:
        """Claim the attempt's unique key, which waits for a transaction that is still being committed.

        If that made the order, the claim finds it; if not, no transaction can use the key any more.
        """
        return not await self._on_record_apart(_Attempt(attempt.key, attempt.purchase).row())

    async def _void(self, attempt: _Attempt) -> None:
        try:
            await self._service.void(attempt.key)
        except Exception:
            await self._on_record_apart(_Attempt(attempt.key, attempt.purchase).row())
            raise

    async def _on_record_apart(self, row: AttemptRow) -> bool:
        """Whether the attempt is without an order."""

        async def work(session: AsyncSession) -> bool:
            return await PaymentRepository(session).record(row)

        return await self._database.transaction(work)


def charge_key(purchase: Purchase) -> str:
    """At most 64 characters, the same for the same try at paying for the same goods."""
    amount = hashlib.sha256(f"{purchase.amount:f} {purchase.currency}".encode()).hexdigest()[:12]
    return f"{purchase.cart_id}-{purchase.checkout_number}-{purchase.ended}-{amount}"
