"""Orders that are sent: what the buyer says, what it costs, and what is kept of it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.delivery.support import collect, parcel, rate, zone
from tests.orders.support import BERLIN, state_of
from tests.support import Person, Shop, assert_problem


async def taxed(shop: Shop, mode: str, **selling: Any) -> None:
    """The shop charges tax, at home in Germany."""
    values = {"tax_mode": mode, "home_country": "DE"} | selling
    await shop.rows(
        "INSERT INTO shop_settings (section, version, values) VALUES ('selling', 1, CAST(:v AS jsonb))"
        " ON CONFLICT (section) DO UPDATE SET version = shop_settings.version + 1, values = excluded.values",
        v=json.dumps(values),
    )


def sent(method: int, change: dict[str, Any]) -> dict[str, Any]:
    """The body of a checkout that sends a parcel to Berlin, but for the change."""
    return {"delivery": {"method": method}, "ship_to": BERLIN} | change


@pytest.fixture
async def buyer(shop: Shop) -> Person:
    """Two books for 10.00 in the cart."""
    person = await shop.person(display_name="Ada")
    await shop.add_to_cart(person, await shop.book(price=Decimal("10.00"), stock_quantity=5), 2)
    return person


@pytest.fixture
async def method(shop: Shop) -> int:
    """A parcel to Germany for 4.50, up to two kilos."""
    return await parcel(shop, await zone(shop, ("DE", None, None)), {2000: "4.50"}, name="Post")


async def test_nothing_said_collects_in_the_shop(shop: Shop, buyer: Person):
    order = (await shop.checkout(buyer)).json()
    assert order["delivery"]["kind"] == "collect"
    assert order["delivery"]["name"] == "Collect in the shop"
    assert order["delivery"]["collect_at"]["name"] == "Our shop"
    assert (order["email"], order["name"]) == (buyer.email, "Ada")
    assert (order["total_price"], order["grand_total"]) == ("20.00", "20.00")


async def test_a_parcel_costs_what_the_method_says_and_is_charged(shop: Shop, buyer: Person, method: int):
    body: dict[str, Any] = {"delivery": {"method": method}, "ship_to": BERLIN, "expected_total": "24.50"}
    answer = await shop.checkout(buyer, **body)
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["total_price"], order["delivery_total"], order["grand_total"]) == ("20.00", "4.50", "24.50")
    assert order["delivery"] == {"kind": "ship", "name": "Post", "collect_at": None, "ship_to": BERLIN}
    assert order["name"] == "Ada Lovelace"
    assert await shop.scalar("SELECT amount FROM payment_attempts WHERE outcome = 'approved'") == Decimal("24.50")
    text = await shop.scalar("SELECT text FROM email_outbox")
    assert "Books 20.00 Delivery: Post 4.50 Total 24.50 USD" in text
    assert "Unter den Linden 6" in text
    assert "10117 Berlin" in text


async def test_an_address_is_a_snapshot(shop: Shop, buyer: Person, method: int):
    body: dict[str, Any] = {
        "delivery": {"method": method},
        "ship_to": BERLIN,
        "bill_to": BERLIN | {"name": "Analytical Engines"},
    }
    order = (await shop.checkout(buyer, **body)).json()
    await shop.rows("DELETE FROM delivery_methods WHERE kind = 'ship'")
    shown = (await shop.client.get(f"/orders/{order['id']}", headers=buyer.headers)).json()
    assert shown["delivery"] == order["delivery"]
    assert shown["bill_to"]["name"] == "Analytical Engines"


@pytest.mark.parametrize(
    ("mode", "grand", "tax", "taxes"),
    [
        ("included", "24.50", "1.60", [{"rate": "0.07", "goods": "20.00", "delivery": "4.50", "tax": "1.60"}]),
        ("added", "26.22", "1.72", [{"rate": "0.07", "goods": "20.00", "delivery": "4.50", "tax": "1.72"}]),
    ],
)
async def test_tax_is_that_of_the_destination(
    shop: Shop, buyer: Person, method: int, mode: str, grand: str, tax: str, taxes: Any
):
    await taxed(shop, mode)
    await rate(shop, "book", "DE", "0.07")
    body: dict[str, Any] = {"delivery": {"method": method}, "ship_to": BERLIN, "expected_total": grand}
    quoted = (await shop.client.post("/orders/quote", json=body, headers=buyer.headers)).json()
    order = (await shop.checkout(buyer, **body)).json()
    for told in (quoted, order):
        assert (told["grand_total"], told["tax_total"], told["tax_mode"], told["taxes"]) == (grand, tax, mode, taxes)
    [line] = order["items"]
    assert (line["tax_category"], line["tax_rate"]) == ("book", "0.07")
    assert await shop.scalar("SELECT tax FROM order_items") <= Decimal(tax)


async def test_a_quote_is_what_checkout_takes_and_keeps_nothing(shop: Shop, buyer: Person, method: int):
    before = await state_of(shop)
    body: dict[str, Any] = {"delivery": {"method": method}, "ship_to": BERLIN}
    quoted = (await shop.client.post("/orders/quote", json=body, headers=buyer.headers)).json()
    assert await state_of(shop) == before
    order = (await shop.checkout(buyer, **body, expected_total=quoted["grand_total"])).json()
    for key in ("items_total", "delivery_total", "tax_total", "grand_total", "currency", "taxes", "delivery"):
        assert order[key] == quoted[key], key


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"ship_to": None}, 422, "ADDRESS_MISSING", "ship_to"),
        ({"ship_to": BERLIN | {"country": "FR", "postal_code": "75001"}}, 422, "DELIVERY_NOT_THERE", "delivery"),
        ({"ship_to": BERLIN | {"postal_code": "1"}}, 422, "ADDRESS_INVALID", "ship_to.postal_code"),
        ({"ship_to": BERLIN | {"city": ""}}, 422, "ADDRESS_INVALID", "ship_to.city"),
        ({"bill_to": {"country": "XX"}}, 422, "ADDRESS_INVALID", "bill_to.country"),
        ({"delivery": {"method": 2147483647}}, 422, "DELIVERY_METHOD_NOT_FOUND", "delivery"),
        ({"delivery": {"method": -1}}, 422, "DELIVERY_METHOD_NOT_FOUND", "delivery"),
        ({"expected_total": "20.00"}, 409, "ORDER_TOTAL_CHANGED", "expected_total"),
    ],
)
async def test_what_cannot_be_delivered_is_refused_on_its_field_and_nothing_is_lost(
    shop: Shop, buyer: Person, method: int, change: dict[str, Any], status: int, code: str, field: str
):
    before = await state_of(shop)
    answer = await shop.checkout(buyer, **sent(method, change))
    assert_problem(answer, status, code, field)
    assert await state_of(shop) == before


@pytest.mark.parametrize("hostile", ["a\0b", "\ud800", "x" * 5000, "\u202eevil", 7, None, [], {"a": 1}, "\x1b[31m"])
@pytest.mark.parametrize("field", ["email", "name", "delivery", "ship_to", "bill_to"])
async def test_no_value_of_a_field_is_a_fault(shop: Shop, buyer: Person, field: str, hostile: Any):
    body = json.dumps({field: hostile})
    answer = await shop.client.post(
        "/orders/checkout", content=body, headers=buyer.headers | {"content-type": "application/json"}
    )
    assert answer.status_code in ({201} if hostile is None else {400, 422}), answer.text


async def test_a_shop_that_taxes_without_a_rate_sells_nothing_there(shop: Shop, buyer: Person, method: int):
    await taxed(shop, "included")
    answer = await shop.checkout(buyer, delivery={"method": method}, ship_to=BERLIN)
    assert_problem(answer, 409, "TAX_RATE_MISSING")


async def test_another_currency_refuses_prices_that_it_does_not_have(shop: Shop):
    person = await shop.person()
    await shop.add_to_cart(person, await shop.book(price=Decimal("1980.50")))
    await taxed(shop, "none", currency="JPY")
    assert_problem(await shop.checkout(person), 409, "ORDER_PRICE_NOT_IN_CURRENCY")


async def test_collected_goods_are_taxed_where_they_change_hands(shop: Shop, buyer: Person):
    await taxed(shop, "included")
    await rate(shop, "book", "DE", "0.07")
    await rate(shop, "book", "AT", "0.10")
    vienna = await collect(shop, address={"country": "AT", "city": "Wien", "street": "Ring 1", "postal_code": "1010"})
    order = (await shop.checkout(buyer, delivery={"method": vienna})).json()
    assert [tax["rate"] for tax in order["taxes"]] == ["0.1"]


async def test_the_mail_goes_where_the_buyer_says(shop: Shop, buyer: Person):
    order = (await shop.checkout(buyer, email="Gift@Example.com", name="Grace Hopper")).json()
    assert (order["email"], order["name"]) == ("gift@example.com", "Grace Hopper")
    assert await shop.scalar("SELECT recipient FROM email_outbox") == "gift@example.com"


async def test_staff_find_an_order_by_its_number_however_it_is_typed(shop: Shop, buyer: Person):
    admin, order = await shop.admin(), (await shop.checkout(buyer)).json()
    number = order["number"]
    for typed in (number, number.lower(), number.replace("-", ""), f" {number.replace('-', ' ')} "):
        found = await shop.client.get("/admin/orders", params={"number": typed}, headers=admin.headers)
        assert [one["id"] for one in found.json()] == [order["id"]], typed
    for other in ("ZZZZ-ZZZZ", "%", "a\u202eb", "0"):
        found = await shop.client.get("/admin/orders", params={"number": other}, headers=admin.headers)
        assert found.json() == []
