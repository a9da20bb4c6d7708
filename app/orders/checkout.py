"""One checkout, whoever asks: counted, and answered once under its Idempotency-Key."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.batch import Batch
from app.core.db.transaction import once_committed
from app.core.errors import DomainError
from app.core.metrics import CHECKOUTS
from app.orders.errors import CheckoutRefused
from app.orders.idempotency import ClaimedKey, IdempotencyKeys, Outcome
from app.orders.placed import AnyBuyer, owner_of
from app.orders.schemas import CheckoutRequest
from app.orders.service import OrderService


async def check_out(
    session: AsyncSession, orders: OrderService, buyer: AnyBuyer, request: CheckoutRequest, key: str | None
) -> Outcome:
    """The first completed outcome under the key: run and kept now, or kept before and replayed.

    Raises:
        CheckoutRefused: without a key; with one it is an outcome, and kept.
        PaymentDeclined, TooManyDeclines, KeysExhausted, KeyReused, KeyInProgress, TryAgain: never kept.
    """
    if key is None:
        return await _run(session, orders, buyer, request, None)
    claim = await IdempotencyKeys(session, owner_of(buyer)).claim(key, request)
    if isinstance(claim, Outcome):
        return claim
    try:
        return await _run(session, orders, buyer, request, claim)
    except CheckoutRefused as refusal:
        outcome, batch = Outcome.refused(refusal), Batch(session)
        claim.keep(batch, outcome)
        await batch.send()
        return outcome


async def _run(
    session: AsyncSession, orders: OrderService, buyer: AnyBuyer, request: CheckoutRequest, claim: ClaimedKey | None
) -> Outcome:
    try:
        order = await orders.checkout(buyer, request, under_key=claim)
    except DomainError as refusal:
        CHECKOUTS.labels(refusal.code).inc()
        raise
    once_committed(session, CHECKOUTS.labels("confirmed").inc)
    return (claim and claim.kept) or Outcome.placed(order)
