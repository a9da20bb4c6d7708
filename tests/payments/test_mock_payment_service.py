"""The mock payment service alone: its share of approvals, and one outcome an attempt."""

import random
from decimal import Decimal

import pytest

from app.core.config import Settings
from app.payments.service import REMEMBERED_ATTEMPTS, Charge, ChargeStatus, MockPaymentService, make_payment_service

TEN = Decimal("10.00")


async def outcomes(service: MockPaymentService, attempts: int) -> list[bool]:
    return [(await service.charge(str(number), TEN, "USD")).approved for number in range(attempts)]


@pytest.mark.parametrize(("rate", "approved"), [(1.0, True), (0.0, False)])
async def test_a_rate_of_one_always_approves_and_of_zero_never(rate: float, approved: bool):
    assert set(await outcomes(MockPaymentService(rate), 2000)) == {approved}


async def test_a_rate_of_zero_declines_even_the_smallest_chance():
    class Zero(random.Random):
        def random(self) -> float:
            return 0.0

    assert await outcomes(MockPaymentService(0.0, Zero()), 1) == [False]


async def test_the_share_of_approvals_is_the_success_rate():
    given = await outcomes(MockPaymentService(0.9, random.Random(1)), 5000)
    assert 0.88 < sum(given) / len(given) < 0.92


async def test_nine_of_ten_are_approved_unless_told_otherwise():
    assert MockPaymentService().success_rate == 0.9
    assert Settings(env="test").payment_mock_success_rate == 0.9


async def test_the_setting_reaches_the_service():
    service = make_payment_service(Settings(env="test", payment_mock_success_rate=0.25))
    assert isinstance(service, MockPaymentService)
    assert service.success_rate == 0.25


async def test_the_same_seed_gives_the_same_outcomes():
    first, second = (MockPaymentService(0.5, random.Random(42)) for _ in range(2))
    assert await outcomes(first, 50) == await outcomes(second, 50)


async def test_a_forced_failure_declines_whatever_the_rate():
    charge = await MockPaymentService(1.0).charge("a", TEN, "USD", force_fail=True)
    assert charge == Charge(ChargeStatus.DECLINED, reference=None)


async def test_an_attempt_keeps_its_first_outcome():
    service = MockPaymentService(0.5, random.Random(3))
    first = await outcomes(service, 100)
    assert set(first) == {True, False}
    assert await outcomes(service, 100) == first
    assert (await service.charge("0", TEN, "USD", force_fail=True)).approved == first[0]


async def test_an_approved_charge_has_a_reference_of_its_own_that_an_order_can_hold():
    service = MockPaymentService(1.0)
    references = {(await service.charge(f"{number:032x}", TEN, "USD")).reference or "" for number in range(10)}
    assert len(references) == 10
    assert all(0 < len(reference) <= 64 for reference in references)


async def test_only_what_was_charged_can_be_voided():
    service = MockPaymentService(1.0)
    await service.charge("taken", TEN, "USD")
    await service.charge("declined", TEN, "USD", force_fail=True)
    for attempt in ("taken", "taken", "declined", "never seen"):
        await service.void(attempt)
    assert service.voided == {"taken"}


async def test_memory_is_bounded_and_the_latest_attempts_are_kept():
    service = MockPaymentService(1.0)
    await service.charge("first", TEN, "USD")
    await service.void("first")
    await outcomes(service, REMEMBERED_ATTEMPTS)
    assert service.voided == set()
    assert (await service.charge("0", TEN, "USD", force_fail=True)).approved
    latest = str(REMEMBERED_ATTEMPTS - 1)
    assert (await service.charge(latest, TEN, "USD", force_fail=True)).approved
