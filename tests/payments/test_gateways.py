"""The seam of payment services: what one may answer, and where it may live."""

from decimal import Decimal
from typing import Unpack

import asyncpg
import pytest

from app.core.config import ConfigurationError, Settings
from app.main import create_app
from app.payments.attempts import PaymentAttempts, PendingInProcess, Purchase
from app.payments.service import Charge, ChargeStatus, MockPaymentService, PaymentOptions, PaymentService
from tests.orders.support import state_of
from tests.support import Person, Shop, assert_problem

ATTEMPTS = "SELECT outcome, reference, order_id, voided_at IS NOT NULL AS voided FROM payment_attempts ORDER BY id"
TEN = Purchase(1, 1, 0, 0, Decimal("10.00"), "USD")


class Gateway:
    """Answers what it was told to, and notes what it is told."""

    def __init__(self, status: ChargeStatus, *, in_process: bool = True) -> None:
        self.status, self.in_process = status, in_process
        self.options: list[PaymentOptions] = []
        self.voided: list[str] = []

    async def charge(
        self, attempt_id: str, amount: Decimal, currency: str, **options: Unpack[PaymentOptions]
    ) -> Charge:
        self.options.append(options)
        return Charge(self.status, f"own_{attempt_id}")

    async def void(self, attempt_id: str) -> None:
        self.voided.append(attempt_id)

    async def refund(self, attempt_id: str, refund_id: str, amount: Decimal, currency: str) -> str:
        return refund_id


@pytest.fixture
async def buyer(live: Shop) -> Person:
    person = await live.person()
    await live.add_to_cart(person, await live.book(), 2)
    return person


@pytest.mark.parametrize("key", [None, "a"])
async def test_a_gateway_in_the_process_that_leaves_a_charge_pending_sells_nothing(
    live: Shop, buyer: Person, raw: asyncpg.Connection, key: str | None
):
    """The checkout is rolled back, and what may have been taken is given back. Seen to fail (a decline was recorded,
    and the charge never voided) when whatever was not approved counted as declined.
    """
    gateway = live.app.state.payments = Gateway(ChargeStatus.PENDING)
    before = await state_of(live)
    assert_problem(await live.checkout(buyer, key=key), 500, "INTERNAL_ERROR")
    assert await state_of(live) == before
    (attempt,) = await raw.fetch(ATTEMPTS)
    (charged,) = gateway.voided
    assert tuple(attempt) == ("errored", f"own_{charged}", None, True)
    gateway.status = ChargeStatus.APPROVED
    assert (await live.checkout(buyer, key=key)).status_code == 201
    assert [row["outcome"] for row in await raw.fetch(ATTEMPTS)] == ["errored", "approved"]


async def test_it_is_told_so_in_a_sentence(live: Shop):
    async def work(session) -> None:
        await PaymentAttempts(session, live.app.state.database, Gateway(ChargeStatus.PENDING)).charge(TEN, {})

    with pytest.raises(
        PendingInProcess, match=r"^Gateway lives in the process and answered that charge 1-0-0-\w+ is"
    ):
        await live.app.state.database.transaction(work)


@pytest.mark.parametrize("forced", [True, False])
async def test_what_the_buyer_tells_the_gateway_reaches_it_as_it_is(live: Shop, buyer: Person, *, forced: bool):
    gateway = live.app.state.payments = Gateway(ChargeStatus.APPROVED)
    assert (await live.checkout(buyer, force_payment_failure=forced)).status_code == 201
    assert gateway.options == [{"force_fail": forced}]


async def test_a_decline_of_a_gateway_is_402_and_nothing_is_given_back(
    live: Shop, buyer: Person, raw: asyncpg.Connection
):
    gateway = live.app.state.payments = Gateway(ChargeStatus.DECLINED)
    assert_problem(await live.checkout(buyer), 402, "ORDER_PAYMENT_FAILED")
    assert gateway.voided == []
    assert [row["outcome"] for row in await raw.fetch(ATTEMPTS)] == ["declined"]


async def test_a_gateway_over_a_network_is_refused_at_start(settings: Settings, database_url: str):
    """Checkout would wait for it with all its locks. Seen to fail without `refuse_remote`: the shop started."""
    app = create_app(settings.model_copy(update={"database_url": database_url}))
    app.state.payments = Gateway(ChargeStatus.APPROVED, in_process=False)
    with pytest.raises(ConfigurationError, match=r"^Gateway takes payments over a network\. .*PAYMENT_PROVIDER=mock"):
        async with app.router.lifespan_context(app):
            pass


def test_the_mock_lives_in_the_process():
    mock: PaymentService = MockPaymentService()
    assert mock.in_process
