"""One checkout, whoever asks: counted, and answered once under its Idempotency-Key."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.core.db.transaction import once_committed
from app.core.errors import DomainError
from app.core.metrics import CHECKOUTS
from app.core.problems import domain_problem
from app.orders.errors import CheckoutRefused, PaymentDeclined
from app.orders.idempotency import IdempotencyKeys, StoredAnswer, fingerprint
from app.orders.schemas import CheckoutRequest, OrderOut
from app.orders.service import OrderService


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a checkout ended: the order (201), or a refusal that stands under the key. `replayed` when it was kept."""

    status: int
    body: bytes
    replayed: bool = False

    @property
    def confirmed(self) -> bool:
        """Whether `body` is an order; else it is a problem document."""
        return self.status == HTTPStatus.CREATED

    @property
    def order_id(self) -> int:
        """Of a confirmed checkout, also of one that is replayed."""
        order_id: int = json.loads(self.body)["id"]
        return order_id

    @property
    def refusal(self) -> "Refusal":
        """Of a checkout that is not confirmed, also of one that is replayed."""
        problem = json.loads(self.body)
        return Refusal(problem["code"], problem["detail"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a checkout did not become an order: the code and the sentence of a `CheckoutRefused`."""

    code: str
    detail: str


async def check_out(
    session: AsyncSession, orders: OrderService, buyer: Caller, request: CheckoutRequest, key: str | None
) -> Outcome:
    """The first completed answer under the key: run and kept now, or kept before and replayed.

    Raises:
        CheckoutRefused: without a key; with one it is an outcome, and kept.
        PaymentDeclined, TooManyDeclines, KeysExhausted, KeyReused, KeyInProgress, TryAgain: never kept.
    """
    if key is None:
        return await _run(session, orders, buyer, request, under_key=False)
    keys = IdempotencyKeys(session, buyer.id)
    if kept := await keys.claim(key, fingerprint(request)):
        return Outcome(kept.status, kept.body, replayed=True)
    try:
        outcome = await _run(session, orders, buyer, request, under_key=True)
    except PaymentDeclined:
        keys.give_up(key)
        raise
    except CheckoutRefused as refusal:
        answer = domain_problem(refusal)
        outcome = Outcome(answer.status_code, bytes(answer.body))
    keys.keep(key, StoredAnswer(outcome.status, outcome.body))
    return outcome


async def _run(
    session: AsyncSession, orders: OrderService, buyer: Caller, request: CheckoutRequest, *, under_key: bool
) -> Outcome:
    try:
        order = await orders.checkout(buyer, request, under_key=under_key)
    except DomainError as refusal:
        CHECKOUTS.labels(refusal.code).inc()
        raise
    once_committed(session, CHECKOUTS.labels("confirmed").inc)
    return Outcome(HTTPStatus.CREATED, OrderOut.of(order).model_dump_json().encode())
