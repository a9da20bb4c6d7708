"""Checkout without an account: by the token of a cart over the API."""

import asyncio
from typing import Any

import pytest

from tests.delivery.support import parcel, zone
from tests.orders.support import BERLIN, state_of
from tests.support import Shop, assert_problem

WHO = {"email": "guest@example.com", "name": "Grace Hopper"}


@pytest.fixture
async def token(shop: Shop) -> str:
    """The token of a guest's cart with two copies for 10.00."""
    token: str = (await shop.client.post("/cart")).json()["token"]
    book = await shop.book(stock_quantity=5)
    body = {"book_id": book, "quantity": 2}
    assert (await shop.client.post("/cart/items", json=body, headers={"X-Cart-Token": token})).status_code == 201
    return token


async def check_out(shop: Shop, token: str, key: str | None = None, **body: Any) -> Any:
    headers = {"X-Cart-Token": token} | ({"Idempotency-Key": key} if key else {})
    return await shop.client.post("/orders/checkout", json=body, headers=headers)


async def test_a_guest_buys(shop: Shop, token: str):
    answer = await check_out(shop, token, **WHO)
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["email"], order["name"], order["grand_total"]) == ("guest@example.com", "Grace Hopper", "20.00")
    assert await shop.rows("SELECT user_id, email FROM orders") == [(None, "guest@example.com")]
    assert await shop.rows("SELECT stock_quantity FROM books") == [(3,)]
    assert await shop.scalar("SELECT outcome FROM payment_attempts") == "approved"
    [(recipient, html)] = await shop.rows("SELECT recipient, html FROM email_outbox")
    assert recipient == "guest@example.com"
    assert f"/order/{order['access_token']}" in html
    assert f"/account/orders/{order['id']}" not in html
    left = await shop.client.get("/cart", headers={"X-Cart-Token": token})
    assert left.json()["items"] == []


async def test_the_order_opens_by_its_token_and_by_nothing_else(shop: Shop, token: str):
    order = (await check_out(shop, token, **WHO)).json()
    secret = order["access_token"]
    assert len(secret) == 43
    opened = await shop.client.get("/orders/by-token", headers={"X-Order-Token": secret})
    assert opened.json() == order
    for other in ("A" * 43, secret[:-1] + ("A" if secret[-1] != "A" else "B")):
        assert_problem(
            await shop.client.get("/orders/by-token", headers={"X-Order-Token": other}),
            404,
            "ORDER_NOT_FOUND",
            "order_id",
        )
    stranger = await shop.person(email="guest@example.com")
    shown = await shop.client.get(f"/orders/{order['id']}", headers=stranger.headers)
    assert_problem(shown, 404, "ORDER_NOT_FOUND", "order_id")
    assert (await shop.client.get(f"/orders/{order['id']}", headers={"X-Order-Token": secret})).status_code == 401


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "ORDER_EMAIL_MISSING", "email"),
        ({"name": "Grace"}, "ORDER_EMAIL_MISSING", "email"),
        ({"email": "guest@example.com"}, "ORDER_NAME_MISSING", "name"),
        ({"email": "guest@example.com", "name": "  "}, "ORDER_NAME_MISSING", "name"),
    ],
)
async def test_a_guest_says_who_buys(shop: Shop, token: str, body: dict[str, Any], code: str, field: str):
    before = await state_of(shop)
    assert_problem(await check_out(shop, token, **body), 422, code, field)
    assert await state_of(shop) == before


async def test_the_name_of_the_address_is_enough(shop: Shop, token: str):
    method = await parcel(shop, await zone(shop, ("DE", None, None)), {None: "4.50"})
    answer = await check_out(
        shop, token, email="guest@example.com", delivery={"method": method}, ship_to=BERLIN, expected_total="24.50"
    )
    assert answer.json()["name"] == "Ada Lovelace"


async def test_a_key_is_that_of_the_cart(shop: Shop, token: str):
    first = await check_out(shop, token, key="k", **WHO)
    again = await check_out(shop, token, key="k", **WHO)
    assert (first.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    other = (await shop.client.post("/cart")).json()["token"]
    assert_problem(await check_out(shop, other, key="k", **WHO), 422, "ORDER_CART_EMPTY")
    assert await shop.scalar("SELECT count(*) FROM orders") == 1


async def test_two_clicks_at_once_are_one_order(live: Shop):
    token = (await live.client.post("/cart")).json()["token"]
    book = await live.book(stock_quantity=9)
    await live.client.post("/cart/items", json={"book_id": book, "quantity": 3}, headers={"X-Cart-Token": token})
    answers = await asyncio.gather(*(check_out(live, token, **WHO) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422]
    assert await live.scalar("SELECT stock_quantity FROM books") == 6


async def test_an_unknown_token_buys_nothing(shop: Shop):
    for token in ("A" * 43, "short", "u" * 5000):
        answer = await shop.client.post("/orders/checkout", json=WHO, headers={"X-Cart-Token": token})
        assert_problem(answer, 401, "CART_TOKEN_UNKNOWN")


async def test_staff_cancel_the_order_of_a_guest(shop: Shop, token: str):
    order, admin = (await check_out(shop, token, **WHO)).json(), await shop.admin()
    answer = await shop.client.post(
        f"/admin/orders/{order['id']}/cancel", json={"reason": "Damaged"}, headers=admin.headers
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["user_id"], answer.json()["user_email"]) == (None, "guest@example.com")
    assert await shop.scalar("SELECT stock_quantity FROM books") == 5
    mails = await shop.rows("SELECT kind, recipient FROM email_outbox ORDER BY id")
    assert mails[-1] == ("order_cancelled", "guest@example.com")
    assert await shop.scalar("SELECT count(*) FROM notices") == 0


async def test_ways_of_delivery_are_priced_for_the_cart_of_the_token(shop: Shop, token: str):
    zone_id = await zone(shop, ("DE", None, None))
    await parcel(shop, zone_id, {None: "4.50"}, name="Post", free_from=20)
    for headers, price in (({}, "4.50"), ({"X-Cart-Token": token}, "0.00")):
        answer = await shop.client.get("/delivery/options", params={"country": "DE"}, headers=headers)
        assert [one["price"] for one in answer.json()["items"] if one["name"] == "Post"] == [price]
    refused = await shop.client.get("/delivery/options", headers={"X-Cart-Token": "A" * 43})
    assert_problem(refused, 401, "CART_TOKEN_UNKNOWN")
