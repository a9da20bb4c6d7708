"""The refusals of a checkout, each by itself and in the order of its steps."""

from decimal import Decimal
from typing import Any

import pytest
from httpx2 import Response

from tests.orders.support import checkouts, state_of
from tests.support import Person, Shop, assert_problem

WRONG: dict[str, Any] = {"expected_total": "0.01", "force_payment_failure": True}


@pytest.fixture
async def buyer(shop: Shop) -> Person:
    """Somebody with two copies of a book at 10.00 in the cart."""
    person = await shop.person()
    await shop.add_to_cart(person, await shop.book(stock_quantity=2), 2)
    return person


async def test_a_person_without_a_cart_has_nothing_to_buy(shop: Shop):
    assert_problem(await shop.checkout(await shop.person()), 422, "ORDER_CART_EMPTY")
    assert await shop.scalar("SELECT count(*) FROM carts") == 0


async def test_an_emptied_cart_has_nothing_to_buy(shop: Shop, buyer: Person):
    assert (await shop.checkout(buyer)).status_code == 201
    assert_problem(await shop.checkout(buyer), 422, "ORDER_CART_EMPTY")


async def test_short_lines_are_listed_by_book_id(shop: Shop):
    person = await shop.person()
    first, enough, last = [await shop.book(title=title, stock_quantity=3) for title in ("First", "Enough", "Last")]
    for book, quantity in ((last, 5), (enough, 3), (first, 4)):
        await shop.add_to_cart(person, book, quantity)
    await shop.rows("UPDATE books SET stock_quantity = 0 WHERE id = :id", id=last)
    problem = assert_problem(await shop.checkout(person), 409, "ORDER_INSUFFICIENT_STOCK")
    assert problem["items"] == [
        {"book_id": first, "title": "First", "requested": 4, "available": 3},
        {"book_id": last, "title": "Last", "requested": 5, "available": 0},
    ]


async def test_another_total_tells_the_current_one(shop: Shop, buyer: Person):
    answer = await shop.checkout(buyer, expected_total="20.01")
    problem = assert_problem(answer, 409, "ORDER_TOTAL_CHANGED", "expected_total")
    assert problem["current_total"] == "20.00"


async def test_the_expected_total_is_judged_by_the_price_of_now(shop: Shop, buyer: Person):
    await shop.rows("UPDATE books SET price = 11")
    problem = assert_problem(
        await shop.checkout(buyer, expected_total="20.00"), 409, "ORDER_TOTAL_CHANGED", "expected_total"
    )
    assert problem["current_total"] == "22.00"
    assert (await shop.checkout(buyer, expected_total="22.00")).status_code == 201


async def test_a_forced_failure_is_declined_and_writes_no_order(shop: Shop, buyer: Person):
    before = await state_of(shop)
    assert_problem(await shop.checkout(buyer, force_payment_failure=True), 402, "ORDER_PAYMENT_FAILED")
    assert await state_of(shop) == before
    assert await shop.scalar("SELECT count(*) FROM orders") == 0


async def test_a_decline_by_chance_writes_no_order(shop: Shop, buyer: Person):
    before = await state_of(shop)
    shop.app.state.payments.success_rate = 0.0
    assert_problem(await shop.checkout(buyer), 402, "ORDER_PAYMENT_FAILED")
    assert await state_of(shop) == before


async def test_an_empty_cart_comes_before_total_and_payment(shop: Shop):
    assert_problem(await shop.checkout(await shop.person(), **WRONG), 422, "ORDER_CART_EMPTY")


async def test_short_stock_comes_before_total_and_payment(shop: Shop, buyer: Person):
    await shop.rows("UPDATE books SET stock_quantity = 1")
    assert_problem(await shop.checkout(buyer, **WRONG), 409, "ORDER_INSUFFICIENT_STOCK")


async def test_another_total_comes_before_payment(shop: Shop, buyer: Person):
    assert_problem(await shop.checkout(buyer, **WRONG), 409, "ORDER_TOTAL_CHANGED", "expected_total")


async def test_validation_comes_before_everything(shop: Shop):
    answer = await shop.checkout(await shop.person(), expected_total="-1")
    assert_problem(answer, 422, "VALIDATION_ERROR", "expected_total")


@pytest.mark.parametrize("outcome", ["ORDER_CART_EMPTY", "ORDER_INSUFFICIENT_STOCK", "ORDER_TOTAL_CHANGED"])
async def test_nothing_is_charged_before_the_cart_is_found_good(shop: Shop, buyer: Person, outcome: str):
    if outcome == "ORDER_CART_EMPTY":
        await shop.rows("DELETE FROM cart_items")
    elif outcome == "ORDER_INSUFFICIENT_STOCK":
        await shop.rows("UPDATE books SET stock_quantity = 1")
    shop.app.state.payments = None
    assert (await shop.checkout(buyer, **WRONG)).json()["code"] == outcome


@pytest.mark.parametrize(
    ("body", "outcome"), [(WRONG, "ORDER_TOTAL_CHANGED"), ({"force_payment_failure": True}, "ORDER_PAYMENT_FAILED")]
)
async def test_a_refusal_is_counted_by_its_code(shop: Shop, buyer: Person, body: dict[str, Any], outcome: str):
    before, confirmed = checkouts(outcome), checkouts("confirmed")
    assert (await shop.checkout(buyer, **body)).json()["code"] == outcome
    assert (checkouts(outcome), checkouts("confirmed")) == (before + 1, confirmed)


async def raw_body(shop: Shop, buyer: Person, expected_total: str) -> Response:
    headers = buyer.headers | {"Content-Type": "application/json"}
    return await shop.client.post(
        "/orders/checkout", headers=headers, content=f'{{"expected_total": {expected_total}}}'
    )


@pytest.mark.parametrize("written", ['"20"', "20", "20.00", "20.0", '"20.00"', "2e1", '"2E+1"', "null"])
async def test_the_total_may_be_written_in_any_decimal_way(shop: Shop, buyer: Person, written: str):
    assert (await raw_body(shop, buyer, written)).status_code == 201


@pytest.mark.parametrize("written", ["19.99", '"0"', "0", '"123456789012345678901234.56"'])
async def test_a_wrong_total_is_refused_however_written(shop: Shop, buyer: Person, written: str):
    assert_problem(await raw_body(shop, buyer, written), 409, "ORDER_TOTAL_CHANGED", "expected_total")


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("amount", ["-1", "-0.01", "20.001", "NaN", "Infinity", "-Infinity", "1e999999", "0.001"])
async def test_a_total_that_is_no_amount_of_money_is_not_valid(shop: Shop, buyer: Person, amount: str, quoted: bool):
    answer = await raw_body(shop, buyer, f'"{amount}"' if quoted else amount)
    assert_problem(answer, 422, "VALIDATION_ERROR", "expected_total")


@pytest.mark.parametrize("written", ['"x"', '"1e-999999"', '""', "true", "[]", "{}"])
async def test_a_total_that_is_no_number_is_not_valid(shop: Shop, buyer: Person, written: str):
    assert_problem(await raw_body(shop, buyer, written), 422, "VALIDATION_ERROR", "expected_total")


async def test_sums_are_compared_as_decimals(shop: Shop):
    person = await shop.person()
    for price in ("0.10", "0.20"):
        await shop.add_to_cart(person, await shop.book(price=Decimal(price)))
    assert (await raw_body(shop, person, "0.3")).status_code == 201
