"""The shop and a small model of it go through the same days, made up by Hypothesis, and stay alike at every step.

The days are the same in every run. `STATEFUL_EXAMPLES` asks for that many others, new ones each time.
"""

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from app.core.config import Settings
from tests.stateful.harness import RealShop, real_shop
from tests.stateful.machine import ShopMachine

ASKED = os.environ.get("STATEFUL_EXAMPLES")
DAYS = hypothesis_settings(
    max_examples=int(ASKED or 25),
    stateful_step_count=25,
    derandomize=not ASKED,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
# What the days of every run must have brought, or the machine has gone idle and proves nothing.
OUTCOMES = {
    "add_to_cart: 201",
    "add_to_cart: BOOK_NOT_FOUND",
    "add_to_cart: CART_BOOK_OUT_OF_STOCK",
    "add_to_cart: CART_ITEM_DUPLICATE",
    "change_quantity: 200",
    "remove_line: 204",
    "checkout: 201",
    "checkout: IDEMPOTENCY_KEY_REUSED",
    "checkout: ORDER_CART_EMPTY",
    "checkout: ORDER_INSUFFICIENT_STOCK",
    "checkout: ORDER_PAYMENT_FAILED",
    "checkout: ORDER_TOTAL_CHANGED",
    "replay of 201",
    "replay of 409",
    "staff_cancel: 200",
    "buyer_cancels: 200",
    "buyer_cancels: ORDER_NOT_FOUND",
    "set_stock: 200",
    "set_stock: VALIDATION_ERROR",
    "adjust_stock: 201",
    "adjust_stock: STOCK_OUT_OF_RANGE",
    "change_price: 200",
    "delete_book: 204",
    "delete_book: BOOK_NOT_FOUND",
}


@pytest.fixture
def real(settings: Settings, database_url: str) -> Iterator[RealShop]:
    with real_shop(settings, database_url) as shop:
        yield shop


# Hypothesis may take five minutes to find the shortest day that goes wrong.
@pytest.mark.timeout(3600)
def test_whatever_buyers_and_staff_do_the_shop_is_as_its_model(real: RealShop):
    seen: Counter[str] = Counter()

    def machine() -> ShopMachine:
        return ShopMachine(real, seen)

    run_state_machine_as_test(machine, settings=DAYS)  # type: ignore[arg-type]
    assert ASKED or set(seen) >= OUTCOMES, f"never seen: {OUTCOMES - set(seen)}"
