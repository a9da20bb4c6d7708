"""GET /delivery/options."""

from decimal import Decimal

import pytest

from tests.delivery.support import parcel, zone
from tests.support import Shop, assert_problem


async def test_anybody_sees_how_orders_are_collected(shop: Shop):
    answer = await shop.client.get("/delivery/options")
    assert answer.status_code == 200
    [option] = answer.json()["items"]
    assert option.pop("method_id") > 0
    assert option == {
        "kind": "collect",
        "name": "Collect in the shop",
        "description": "",
        "price": "0.00",
        "free_from": None,
        "min_days": None,
        "max_days": None,
        "location": {"name": "Our shop", "address": None, "hours": "", "ready_hours": 24},
    }


async def test_prices_are_those_of_the_callers_cart(shop: Shop):
    await parcel(
        shop, await zone(shop, ("DE", None, "10")), {700: "2.90", 1000: "4.90"}, free_from=Decimal(30), name="Parcel"
    )
    place = {"country": "de", "postal_code": "10 115"}
    person = await shop.person()

    async def price() -> str | None:
        items = (await shop.client.get("/delivery/options", params=place, headers=person.headers)).json()["items"]
        return next((item["price"] for item in items if item["kind"] == "ship"), None)

    assert await price() == "2.90"
    await shop.add_to_cart(person, await shop.book(weight_grams=300))
    assert await price() == "2.90"
    await shop.add_to_cart(person, await shop.book(title="No weight"))
    assert await price() == "4.90"
    await shop.add_to_cart(person, await shop.book(title="Light", weight_grams=10))
    assert await price() == "0.00"
    await shop.add_to_cart(person, await shop.book(title="Heavy", weight_grams=5000))
    assert await price() is None
    elsewhere = {"country": "DE", "postal_code": "80331"}
    items = (await shop.client.get("/delivery/options", params=elsewhere, headers=person.headers)).json()["items"]
    assert [item["kind"] for item in items] == ["collect"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "DEU"),
        ("country", "\u202eD"),
        ("country", ""),
        ("region", "x" * 101),
        ("region", "a\nb"),
        ("postal_code", "1" * 21),
        ("postal_code", "\t1"),
    ],
)
async def test_what_a_place_cannot_be(shop: Shop, name: str, value: str):
    answer = await shop.client.get("/delivery/options", params={name: value})
    assert_problem(answer, 422, "VALIDATION_ERROR", name)


@pytest.mark.parametrize(
    "value", ["\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin1"), "ß", "％", "'; --"]
)
async def test_any_other_text_is_a_place_that_nothing_reaches(shop: Shop, value: str):
    answer = await shop.client.get(
        "/delivery/options", params={"country": "DE", "region": value, "postal_code": value}
    )
    assert answer.status_code in {200, 422}


async def test_a_token_that_is_none_is_refused(shop: Shop):
    answer = await shop.client.get("/delivery/options", headers={"Authorization": "Bearer x"})
    assert_problem(answer, 401, "AUTH_TOKEN_INVALID")
