"""Refunds: what the payment service is asked, and that it is asked once for a charge that stands."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.payments import service
from app.payments.attempts import PaymentAttempts
from app.payments.service import MockPaymentService
from tests.orders.support import sold
from tests.support import Person, Shop

REFUNDS = "SELECT attempt_id, amount, reference FROM payment_refunds ORDER BY id"


class Counter(MockPaymentService):
    """Approves, and notes what it was asked to give back."""

    def __init__(self) -> None:
        super().__init__(success_rate=1.0)
        self.asked: list[tuple[Any, ...]] = []

    async def refund(self, attempt_id: str, refund_id: str, amount: Decimal, currency: str) -> str:
        self.asked.append((attempt_id, refund_id, amount, currency))
        return await super().refund(attempt_id, refund_id, amount, currency)


@pytest.fixture
def counter(shop: Shop) -> Counter:
    shop.app.state.payments = Counter()
    return shop.app.state.payments


@pytest.fixture
async def buyer(shop: Shop, counter: Counter) -> Person:
    return await shop.person()


async def refund(shop: Shop, order: dict[str, Any]) -> None:
    async def work(session: AsyncSession) -> None:
        await PaymentAttempts(session, shop.app.state.database, shop.app.state.payments).refund(order["id"])

    await shop.app.state.database.transaction(work)


async def charge_of(shop: Shop, order: dict[str, Any]) -> tuple[int, str]:
    [row] = await shop.rows("SELECT id, charge_key FROM payment_attempts WHERE order_id = :id", id=order["id"])
    return row[0], row[1]


async def test_the_service_is_told_which_charge_under_which_id_how_much_and_in_what(
    shop: Shop, buyer: Person, counter: Counter
):
    await sold(shop, buyer)
    order = await sold(shop, buyer, price=Decimal("12.50"))
    attempt, key = await charge_of(shop, order)
    await refund(shop, order)
    assert counter.asked == [(key, f"refund-{attempt}", Decimal("12.50"), "USD")]
    assert [tuple(row) for row in await shop.rows(REFUNDS)] == [(attempt, Decimal("12.50"), f"mock_refund-{attempt}")]


async def test_a_charge_is_given_back_once(shop: Shop, buyer: Person, counter: Counter):
    order = await sold(shop, buyer)
    for _ in range(2):
        await refund(shop, order)
    assert len(counter.asked) == len(await shop.rows(REFUNDS)) == 1


async def test_the_refund_of_one_order_leaves_that_of_another(shop: Shop, buyer: Person, counter: Counter):
    orders = [await sold(shop, buyer) for _ in range(3)]
    for order in orders:
        await refund(shop, order)
    charges = [(await charge_of(shop, order))[1] for order in orders]
    assert [asked[0] for asked in counter.asked] == charges


@pytest.mark.parametrize("fate", ["voided_at = now()", "outcome = 'errored'", "outcome = 'declined'"])
async def test_a_charge_that_does_not_stand_is_not_given_back(shop: Shop, buyer: Person, counter: Counter, fate: str):
    order = await sold(shop, buyer)
    await shop.rows(f"UPDATE payment_attempts SET {fate}")
    await refund(shop, order)
    assert (counter.asked, await shop.rows(REFUNDS)) == ([], [])


async def test_the_mock_forgets_the_oldest_refunds(monkeypatch: pytest.MonkeyPatch):
    """Or it would grow for as long as its process runs."""
    monkeypatch.setattr(service, "REMEMBERED_ATTEMPTS", 2)
    mock = MockPaymentService()
    names = [await mock.refund("charge", f"refund-{number}", Decimal(1), "USD") for number in range(3)]
    assert list(mock.refunded) == ["refund-1", "refund-2"]
    assert await mock.refund("charge", "refund-0", Decimal(1), "USD") == names[0]
