"""Idempotency-Key: what is kept, what is replayed and what is not. Simultaneous requests are in tests/races."""

import json
from typing import Any

import pytest
from httpx2 import Response

from tests.orders.support import state_of
from tests.support import Person, Shop, assert_problem

KEPT_KEYS = "SELECT count(*) FROM idempotency_keys"


@pytest.fixture
async def buyer(shop: Shop) -> Person:
    """Somebody with two copies of a book at 10.00 in the cart."""
    person = await shop.person()
    await shop.add_to_cart(person, await shop.book(stock_quantity=2), 2)
    return person


async def send(shop: Shop, person: Person, key: str | bytes, body: str = "{}") -> Response:
    headers: list[tuple[bytes, bytes]] = [
        (b"Authorization", person.headers["Authorization"].encode()),
        (b"Content-Type", b"application/json"),
        (b"Idempotency-Key", key if isinstance(key, bytes) else key.encode()),
    ]
    return await shop.client.post("/orders/checkout", headers=headers, content=body)


def assert_replay(answer: Response, first: Response) -> None:
    assert "idempotent-replayed" not in first.headers
    assert answer.headers["idempotent-replayed"] == "true"
    assert (answer.status_code, answer.content) == (first.status_code, first.content)
    assert answer.headers["content-type"] == first.headers["content-type"]


async def test_without_a_key_nothing_is_kept(shop: Shop, buyer: Person):
    assert (await shop.checkout(buyer)).status_code == 201
    assert await shop.scalar(KEPT_KEYS) == 0


async def test_a_sale_is_replayed_byte_for_byte_and_sells_nothing(shop: Shop, buyer: Person):
    first = await shop.checkout(buyer, key="a")
    assert first.status_code == 201
    before = await state_of(shop)
    for _ in range(2):
        assert_replay(await shop.checkout(buyer, key="a"), first)
    assert await state_of(shop) == before


async def test_a_replay_tells_of_the_first_sale_whatever_the_cart_holds_now(shop: Shop, buyer: Person):
    first = await shop.checkout(buyer, key="a")
    await shop.add_to_cart(buyer, await shop.book())
    await shop.rows("UPDATE books SET title = 'Renamed', price = 99")
    assert_replay(await shop.checkout(buyer, key="a"), first)
    assert (await shop.checkout(buyer, key="b")).status_code == 201


@pytest.mark.parametrize(
    ("damage", "body", "status", "code"),
    [
        ("DELETE FROM cart_items", {}, 422, "ORDER_CART_EMPTY"),
        ("UPDATE books SET stock_quantity = 1", {}, 409, "ORDER_INSUFFICIENT_STOCK"),
        ("SELECT 1", {"expected_total": "1.00"}, 409, "ORDER_TOTAL_CHANGED"),
    ],
)
async def test_a_refusal_is_replayed_even_when_its_cause_has_gone(
    shop: Shop, buyer: Person, damage: str, body: dict[str, Any], status: int, code: str
):
    await shop.rows(damage)
    first = await shop.checkout(buyer, key="a", **body)
    assert_problem(first, status, code, "expected_total" if body else None)
    await shop.rows("UPDATE books SET stock_quantity = 2, price = 0.50")
    if code == "ORDER_CART_EMPTY":
        await shop.add_to_cart(buyer, await shop.book())
    assert_replay(await shop.checkout(buyer, key="a", **body), first)
    assert (await shop.checkout(buyer, key="b", **body)).status_code == 201


async def test_a_kept_refusal_changes_nothing_else(shop: Shop, buyer: Person):
    before = await state_of(shop)
    await shop.checkout(buyer, key="a", expected_total="1.00")
    assert await state_of(shop) == before
    assert await shop.scalar(KEPT_KEYS) == 1


@pytest.mark.parametrize("other", [{"force_payment_failure": True}, {"expected_total": "20.00"}])
async def test_another_body_under_the_key_is_refused(shop: Shop, buyer: Person, other: dict[str, Any]):
    first = await shop.checkout(buyer, key="a")
    assert_problem(await shop.checkout(buyer, key="a", **other), 422, "IDEMPOTENCY_KEY_REUSED")
    assert_replay(await shop.checkout(buyer, key="a"), first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}", '{"force_payment_failure": false}'),
        ("{}", '{"expected_total": null, "unknown": 1}'),
        ('{"expected_total": "20"}', '{ "force_payment_failure":0, "expected_total": 20.00 }'),
        ('{"expected_total": 2e1}', '{"expected_total": "20.0"}'),
    ],
)
async def test_bodies_are_compared_as_parsed_with_defaults_filled(shop: Shop, buyer: Person, first: str, second: str):
    answer = await send(shop, buyer, "a", first)
    assert answer.status_code == 201
    assert_replay(await send(shop, buyer, "a", second), answer)


async def test_a_decline_is_not_kept_and_the_key_may_try_again(shop: Shop, buyer: Person):
    shop.app.state.payments.success_rate = 0.0
    for _ in range(2):
        declined = await shop.checkout(buyer, key="a")
        assert_problem(declined, 402, "ORDER_PAYMENT_FAILED")
        assert "idempotent-replayed" not in declined.headers
    assert await shop.scalar(KEPT_KEYS) == 0
    shop.app.state.payments.success_rate = 1.0
    first = await shop.checkout(buyer, key="a")
    assert first.status_code == 201
    assert_replay(await shop.checkout(buyer, key="a"), first)


async def test_after_a_forced_decline_the_key_is_free_for_another_body(shop: Shop, buyer: Person):
    assert (await shop.checkout(buyer, key="a", force_payment_failure=True)).status_code == 402
    assert (await shop.checkout(buyer, key="a")).status_code == 201


async def test_validation_errors_are_not_kept(shop: Shop, buyer: Person):
    assert_problem(await shop.checkout(buyer, key="a", expected_total=-1), 422, "VALIDATION_ERROR", "expected_total")
    assert await shop.scalar(KEPT_KEYS) == 0
    assert (await shop.checkout(buyer, key="a")).status_code == 201


async def test_refused_callers_are_not_kept(shop: Shop, buyer: Person):
    await shop.rows("UPDATE users SET is_active = false")
    assert_problem(await shop.checkout(buyer, key="a"), 403, "AUTH_ACCOUNT_DEACTIVATED")
    await shop.rows("UPDATE users SET is_active = true")
    assert (await shop.checkout(buyer, key="a")).status_code == 201


async def test_a_fault_is_not_kept(shop: Shop, buyer: Person):
    service, shop.app.state.payments = shop.app.state.payments, None
    assert_problem(await shop.checkout(buyer, key="a"), 500, "INTERNAL_ERROR")
    assert await shop.scalar(KEPT_KEYS) == 0
    shop.app.state.payments = service
    assert (await shop.checkout(buyer, key="a")).status_code == 201


async def test_the_key_is_judged_before_the_cart(shop: Shop, buyer: Person):
    await shop.checkout(buyer, key="a")
    answer = await shop.checkout(buyer, key="a", expected_total="1.00")
    assert_problem(answer, 422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_key_is_kept_for_24_hours(shop: Shop, buyer: Person):
    await shop.checkout(buyer, key="a")
    assert str(await shop.scalar("SELECT expires_at - created_at FROM idempotency_keys")) == "1 day, 0:00:00"


async def test_an_expired_key_is_new_even_for_another_body(shop: Shop, buyer: Person):
    first = await shop.checkout(buyer, key="a")
    await shop.rows("UPDATE idempotency_keys SET expires_at = now(), created_at = now() - interval '1 day'")
    await shop.add_to_cart(buyer, await shop.book())
    second = await shop.checkout(buyer, key="a", expected_total="10.00")
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]
    assert_replay(await shop.checkout(buyer, key="a", expected_total="10.00"), second)
    assert str(await shop.scalar("SELECT expires_at - created_at FROM idempotency_keys")) == "1 day, 0:00:00"


async def test_a_key_that_has_not_expired_yet_is_replayed(shop: Shop, buyer: Person):
    first = await shop.checkout(buyer, key="a")
    await shop.rows("UPDATE idempotency_keys SET expires_at = now() + interval '1 microsecond'")
    assert_replay(await shop.checkout(buyer, key="a"), first)


async def test_keys_belong_to_the_user(shop: Shop, buyer: Person):
    other = await shop.person()
    await shop.add_to_cart(other, await shop.book())
    first, second = await shop.checkout(buyer, key="a"), await shop.checkout(other, key="a", expected_total="10.00")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


async def test_each_key_of_each_user_has_an_answer_of_its_own(shop: Shop, buyer: Person):
    other = await shop.person()
    answers = {}
    for person, key in ((buyer, "a"), (buyer, "b"), (other, "a")):
        await shop.rows("DELETE FROM cart_items")
        await shop.add_to_cart(person, await shop.book())
        answers[person, key] = await shop.checkout(person, key)
    for (person, key), first in answers.items():
        assert_replay(await shop.checkout(person, key), first)
    assert len({first.json()["id"] for first in answers.values()}) == 3


async def test_keys_are_compared_verbatim(shop: Shop, buyer: Person):
    assert (await shop.checkout(buyer, key="Key")).status_code == 201
    for other in ("key", "Key.", "%4Bey"):
        assert_problem(await shop.checkout(buyer, key=other), 422, "ORDER_CART_EMPTY")


@pytest.mark.parametrize("key", ["x", "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", "k" * 255])
async def test_a_key_is_1_to_255_visible_ascii_characters(shop: Shop, buyer: Person, key: str):
    first = await send(shop, buyer, key)
    assert first.status_code == 201
    assert_replay(await send(shop, buyer, key), first)


@pytest.mark.parametrize("key", ["", "k" * 256, "two words", "tab\there", "schlüssel", b"\xff", b"\x7f", b"a\x00b"])
async def test_any_other_key_is_not_valid(shop: Shop, buyer: Person, key: str | bytes):
    problem = assert_problem(await send(shop, buyer, key), 422, "VALIDATION_ERROR", "Idempotency-Key")
    assert problem["errors"][0]["loc"] == ["header", "Idempotency-Key"]
    assert await shop.scalar(KEPT_KEYS) == 0
    assert await shop.scalar("SELECT count(*) FROM orders") == 0


async def test_the_kept_body_is_the_answer(shop: Shop, buyer: Person):
    answer = await shop.checkout(buyer, key="a")
    [(status, body)] = await shop.rows("SELECT response_status, response_body FROM idempotency_keys")
    assert (status, json.loads(body)) == (201, answer.json())
