"""What a checkout gets of the chosen method."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.core.money import TaxMode
from app.delivery.errors import (
    AddressMissing,
    DeliveryMethodNotFound,
    DeliveryNotThere,
    ParcelTooHeavy,
    TaxRateMissing,
)
from app.delivery.rules import Goods, Kind, Place, TaxTerms
from app.delivery.schemas import Chosen
from app.delivery.service import DeliveryService
from tests.delivery.support import DAY, collect, parcel, rate, within, zone
from tests.statements import statements
from tests.support import Shop

GOODS = Goods(Decimal(20), 800)
BERLIN = Place("DE", None, "10115")
INCLUDED = TaxTerms(TaxMode.INCLUDED, Place("DE", None, "80331"))


async def choose(shop: Shop, method_id: int | None = None, to: Place | None = None, **given: Any) -> Chosen:
    goods, tax, day = given.get("goods", GOODS), given.get("tax", TaxTerms()), given.get("day", DAY)
    return await within(shop, lambda session: DeliveryService(session).choose(method_id, to, goods, tax, day))


async def test_a_new_shop_has_its_orders_collected_for_nothing(shop: Shop):
    chosen = await choose(shop)
    assert (chosen.kind, chosen.name, chosen.price) == (Kind.COLLECT, "Collect in the shop", Decimal(0))
    assert chosen.location is not None
    assert chosen.location["name"] == "Our shop"
    assert chosen.location["address"] is None
    assert chosen.rates == {}


async def test_the_first_offered_collect_method_is_taken(shop: Shop):
    first = await collect(shop, position=-2, is_active=False)
    second = await collect(shop, position=-1)
    assert (await choose(shop)).method_id == second != first


async def test_a_parcel_costs_what_its_weight_says(shop: Shop):
    method = await parcel(shop, await zone(shop, ("DE", None, None)), {500: "2.90", 1000: "4.90", None: "9"})
    for grams, price in [(0, "2.90"), (500, "2.90"), (501, "4.90"), (1001, "9")]:
        chosen = await choose(shop, method, BERLIN, goods=Goods(Decimal(20), grams))
        assert chosen.price == Decimal(price)
    assert chosen.location is None


async def test_free_from_an_amount(shop: Shop):
    method = await parcel(shop, await zone(shop, ("DE", None, None)), {None: "9"}, free_from=Decimal(20))
    assert (await choose(shop, method, BERLIN)).price == 0
    assert (await choose(shop, method, BERLIN, goods=Goods(Decimal("19.99"), 800))).price == 9


async def test_what_cannot_be_chosen(shop: Shop):
    method = await parcel(shop, await zone(shop, ("DE", None, "101")), {500: "2.90"})
    light = Goods(Decimal(1), 1)
    with pytest.raises(AddressMissing):
        await choose(shop, method)
    with pytest.raises(DeliveryNotThere):
        await choose(shop, method, Place("DE", None, "80331"), goods=light)
    with pytest.raises(DeliveryNotThere):
        await choose(shop, method, Place("AT", None, "10115"), goods=light)
    with pytest.raises(ParcelTooHeavy):
        await choose(shop, method, BERLIN)
    for unknown in (2**31 - 1, -1, 0):
        with pytest.raises(DeliveryMethodNotFound):
            await choose(shop, unknown, BERLIN)
    hidden = await parcel(shop, await zone(shop, ("DE", None, None), name="2"), {None: "1"}, is_active=False)
    with pytest.raises(DeliveryMethodNotFound):
        await choose(shop, hidden, BERLIN)


async def test_a_closed_location_is_not_offered(shop: Shop):
    await shop.rows("UPDATE locations SET is_active = false")
    with pytest.raises(DeliveryMethodNotFound):
        await choose(shop)
    options = await within(shop, lambda session: DeliveryService(session).options(BERLIN, GOODS))
    assert options == []


async def test_tax_is_that_of_where_goods_are_supplied(shop: Shop):
    both = Goods(Decimal(20), 800, frozenset({"book", "other"}))
    for category, country, value in [
        ("book", "DE", "0.07"),
        ("other", "DE", "0.19"),
        ("book", "AT", "0.10"),
        ("other", "AT", "0.20"),
    ]:
        await rate(shop, category, country, value)
    method = await parcel(shop, await zone(shop, ("DE", None, None), ("AT", None, None)), {None: "5"})
    vienna = Place("AT", None, "1010")
    shipped = await choose(shop, method, vienna, goods=both, tax=INCLUDED)
    assert shipped.rates == {"book": Decimal("0.10"), "other": Decimal("0.20")}
    at_home = TaxTerms(TaxMode.INCLUDED, BERLIN, ship_to_home=True)
    assert (await choose(shop, method, vienna, tax=at_home)).rates == {"book": Decimal("0.07")}
    assert (await choose(shop, None, vienna, tax=INCLUDED)).rates == {"book": Decimal("0.07")}
    in_vienna = await collect(shop, {"country": "AT", "postal_code": "1010"})
    assert (await choose(shop, in_vienna, None, tax=INCLUDED)).rates == {"book": Decimal("0.10")}
    assert (await choose(shop, method, vienna)).rates == {}


async def test_the_most_exact_place_and_the_day_count(shop: Shop):
    await rate(shop, "book", "US", "0.01")
    await rate(shop, "book", "US", "0.04", region="ny", valid_to=date(2026, 12, 2))
    await rate(shop, "book", "US", "0.05", region="ny", valid_from=date(2026, 12, 2))
    await rate(shop, "book", "US", "0.08875", postal_prefix="100", region="ny")
    await rate(shop, "book", "US", "0.09", postal_prefix="1000", region="ny")
    method = await parcel(shop, await zone(shop, ("US", None, None)), {None: "5"})
    tax = TaxTerms(TaxMode.ADDED, Place("US", "NY", "10001"))

    async def at(region: str, postal: str, day: date = DAY) -> Decimal:
        return (await choose(shop, method, Place("US", region, postal), tax=tax, day=day)).rates["book"]

    assert await at("NY", "10001-1234") == Decimal("0.09")
    assert await at("NY", "10 028") == Decimal("0.08875")
    assert await at("NY", "12207") == Decimal("0.04")
    assert await at("NY", "12207", date(2026, 12, 2)) == Decimal("0.05")
    assert await at("CA", "10001") == Decimal("0.01")
    branch = await collect(shop, {"country": "US", "region": "NY", "postal_code": "100-29"})
    assert (await choose(shop, branch, None, tax=tax)).rates["book"] == Decimal("0.08875")


async def test_a_missing_rate_is_an_error_that_says_what_is_missing(shop: Shop):
    await rate(shop, "book", "DE", "0.07", valid_to=DAY)
    with pytest.raises(TaxRateMissing) as refused:
        await choose(shop, tax=INCLUDED)
    assert refused.value.members() == {"category": "book", "place": "DE 80331"}
    with pytest.raises(TaxRateMissing):
        await choose(shop, tax=TaxTerms(TaxMode.ADDED))


async def test_choosing_is_one_statement(shop: Shop):
    method = await parcel(shop, await zone(shop, ("DE", None, None)), {None: "5"})
    await rate(shop, "book", "DE", "0.07")
    with statements() as seen:
        await choose(shop, method, BERLIN, tax=INCLUDED)
    assert len([statement for statement in seen if "delivery_methods" in statement]) == 1
    assert not [statement for statement in seen if "tax_rates" in statement and "delivery_methods" not in statement]


async def test_options_are_all_that_reach_the_place(shop: Shop):
    near = await parcel(shop, await zone(shop, ("DE", None, "10"), name="Berlin"), {None: "5.5"}, name="Bike")
    far = await parcel(shop, await zone(shop, ("DE", None, None), name="DE"), {500: "3"}, name="Letter")

    async def offered(place: Place, goods: Goods = GOODS) -> list[int]:
        found = await within(shop, lambda session: DeliveryService(session).options(place, goods))
        return [option.method_id for option in found if option.kind == "ship"]

    assert await offered(BERLIN) == [near]
    assert await offered(BERLIN, Goods(Decimal(1), 500)) == [near, far]
    assert await offered(Place("DE", None, "80331"), Goods(Decimal(1), 500)) == [far]
    assert await offered(Place()) == await offered(Place("FR")) == []
