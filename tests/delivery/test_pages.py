"""Staff keep delivery and tax rates on pages that lose nothing."""

from decimal import Decimal
from typing import Any

from tests.web.browser import Browser

ZONE = "/staff/delivery/zones/new"
METHOD = "/staff/delivery/methods/new"
NOT_AND_DELETED: tuple[dict[str, Any], ...] = ({}, {"do": "delete"})
RATE: dict[str, Any] = {
    "category": "book",
    "country": "DE",
    "percent": "7",
    "valid_from": "2026-01-01",
    "source": "UStG § 12",
}


async def zone_of(browser: Browser, **fields: Any) -> int:
    await browser.open(ZONE)
    answer = await browser.send(ZONE, **({"name": "Home", "countries": ["DE"], "parts": ""} | fields))
    assert answer.status_code == 200, browser.page.text
    return await browser.shop.scalar("SELECT max(id) FROM delivery_zones")


async def audited(browser: Browser) -> list[str]:
    return [row.action for row in await browser.shop.rows("SELECT action FROM audit_events ORDER BY id")]


async def test_a_zone_is_ticked_and_told_in_parts(browser: Browser):
    await browser.staff()
    zone = await zone_of(browser, countries=["DE", "AT"], parts="US-ca\nGB SW1, n 1\nUS-NY 100")
    rows = await browser.shop.rows("SELECT country, region, postal_prefix FROM delivery_zone_areas ORDER BY 1, 2, 3")
    assert [tuple(row) for row in rows] == [
        ("AT", None, None),
        ("DE", None, None),
        ("GB", None, "N1"),
        ("GB", None, "SW1"),
        ("US", "ca", None),
        ("US", "ny", "100"),
    ]
    await browser.open(f"/staff/delivery/zones/{zone}")
    assert "GB N1, SW1\nUS-CA\nUS-NY 100" in browser.page.text
    assert await audited(browser) == ["delivery_zone.created"]


async def test_the_european_union_is_one_click_that_stores_nothing(browser: Browser):
    await browser.staff()
    await browser.open(ZONE)
    await browser.send(ZONE, name="Union", countries=["CH"], parts="US-CA", tick="European Union")
    assert browser.page.text.count(" checked") == 28
    assert "US-CA" in browser.page.text
    assert 'value="Union"' in browser.page.text
    assert await browser.shop.scalar("SELECT count(*) FROM delivery_zones") == 0


async def test_what_is_wrong_with_a_zone_stands_beside_it_and_nothing_is_lost(browser: Browser):
    await browser.staff()
    for countries, parts, told in [
        ([], "", "Tick a country"),
        (["DE"], "DE 10", "ticked as a whole"),
        (["DE"], "XX 10", "no part of a country"),
        (["DE"], "Bavaria", "no part of a country"),
        (["QQ"], "", "Tick a country"),
        ([], "GB " + "9" * 50, "no postal codes"),
        ([], "\u202eDE \x00", "no part of a country"),
    ]:
        await browser.open(ZONE)
        answer = await browser.send(ZONE, name="Kept", countries=countries, parts=parts)
        assert answer.status_code == 422
        assert told in browser.page.text
        assert 'value="Kept"' in browser.page.text
    assert await browser.shop.scalar("SELECT count(*) FROM delivery_zones") == 0


async def test_a_method_has_prices_by_weight(browser: Browser):
    await browser.staff()
    zone = await zone_of(browser)
    fields: dict[str, Any] = {
        "kind": "ship",
        "name": "Parcel",
        "zone_id": str(zone),
        "up_to_grams": ["1000", "", "500", ""],
        "step_price": ["4.90", "", "2.90", "9"],
        "free_from": "50",
        "min_days": "1",
        "max_days": "3",
        "tracking_url": "https://post.example/{number}",
        "position": "1",
        "is_active": "1",
    }
    await browser.open(METHOD)
    assert (await browser.send(METHOD, **fields)).status_code == 200
    method = await browser.shop.scalar("SELECT max(id) FROM delivery_methods")
    prices = await browser.shop.rows(
        "SELECT up_to_grams, price FROM delivery_prices WHERE method_id = :id ORDER BY up_to_grams", id=method
    )
    assert [tuple(row) for row in prices] == [
        (500, Decimal("2.90")),
        (1000, Decimal("4.90")),
        (None, Decimal(9)),
    ]
    path = f"/staff/delivery/methods/{method}"
    for name, value, told in [
        ("step_price", ["-1", "", "2", "9"], "Row 1"),
        ("step_price", ["x", "", "2", "9"], "Row 1"),
        ("up_to_grams", ["500", "", "500", ""], "same weight"),
        ("up_to_grams", ["9" * 30, "", "1", ""], "Row 1"),
        ("tracking_url", "javascript:{number}", "ust begin with https://"),
        ("max_days", "0", "less than the fewest"),
        ("min_days", "", "both numbers"),
        ("free_from", "-1", "0 or more"),
        ("zone_id", "", "choose one"),
        ("zone_id", "2147483647", "There is no zone"),
        ("name", "\u202eParcel", "nobody sees"),
    ]:
        await browser.open(path)
        answer = await browser.send(path, **(fields | {"version": "1", "description": "Typed words", name: value}))
        assert answer.status_code == 422, name
        assert told in browser.page.text, name
        assert "Typed words" in browser.page.text
    await browser.open(path)
    await browser.send(path, **(fields | {"version": "1", "do": "delete"}))
    assert await browser.shop.scalar("SELECT count(*) FROM delivery_methods WHERE id = :id", id=method) == 0


async def test_two_staff_lose_nothing(browser: Browser):
    await browser.staff()
    zone = await zone_of(browser)
    path = f"/staff/delivery/zones/{zone}"
    await browser.open(path)
    await browser.send(path, name="Mine", countries=["DE", "AT"], parts="", version="1")
    await browser.open(path)
    answer = await browser.send(path, name="Yours", countries=["FR"], parts="", version="1")
    assert answer.status_code == 422
    assert "Somebody else changed this meanwhile" in browser.page.text
    assert 'value="Yours"' in browser.page.text
    assert "Stored now: Austria, Germany" in browser.page.text
    assert 'name="version" value="2"' in browser.page.text
    await browser.send(path, name="Yours", countries=["FR"], parts="", version="2")
    assert await browser.shop.scalar("SELECT name FROM delivery_zones") == "Yours"


async def test_the_last_way_to_collect_does_not_vanish_without_a_word(browser: Browser):
    await browser.staff()
    [method] = await browser.shop.rows("SELECT id, location_id FROM delivery_methods")
    path = f"/staff/delivery/methods/{method.id}"
    await browser.open(path)
    fields: dict[str, Any] = {
        "kind": "collect",
        "name": "Collect",
        "location_id": str(method.location_id),
        "position": "0",
    }
    for change in NOT_AND_DELETED:
        answer = await browser.send(path, **(fields | {"version": "1"} | change))
        assert answer.status_code == 422
        assert "Nothing could be collected any more" in browser.page.text
        assert 'name="version" value="1"' in browser.page.text
    location = f"/staff/delivery/locations/{method.location_id}"
    await browser.open(location)
    await browser.send(location, name="Shop", ready_hours="24", position="0", version="1")
    assert "Nothing could be collected any more" in browser.page.text
    await browser.send(location, name="Shop", ready_hours="24", position="0", version="1", do="delete")
    assert "Delivery methods use this" in browser.page.text
    await browser.open(path)
    await browser.send(path, **(fields | {"version": "1", "do": "delete", "sure": "1"}))
    assert await browser.shop.scalar("SELECT count(*) FROM delivery_methods") == 0


async def test_a_location_has_an_address_of_a_country(browser: Browser):
    await browser.staff()
    path = "/staff/delivery/locations/new"
    fields: dict[str, Any] = {
        "name": "Branch",
        "street": "Lange Straße 1\r\nHof",
        "city": "Berlin",
        "ready_hours": "4",
        "position": "0",
    }
    await browser.open(path)
    await browser.send(path, **fields)
    assert "choose the country" in browser.page.text
    await browser.send(path, **(fields | {"country": "DE", "is_active": "1"}))
    stored = await browser.shop.scalar("SELECT address FROM locations WHERE name = 'Branch'")
    assert stored == {"country": "DE", "street": "Lange Straße 1\nHof", "city": "Berlin"}


async def test_a_new_rate_ends_the_one_before(browser: Browser):
    await browser.staff()
    await browser.open("/staff/taxes")
    await browser.send("/staff/taxes", **RATE)
    await browser.open("/staff/taxes")
    await browser.send("/staff/taxes", **(RATE | {"percent": "5", "valid_from": "2026-07-01"}))
    rates = await browser.shop.rows("SELECT rate, valid_from::text, valid_to::text FROM tax_rates ORDER BY 2")
    assert [tuple(row) for row in rates] == [
        (Decimal("0.07"), "2026-01-01", "2026-07-01"),
        (Decimal("0.05"), "2026-07-01", None),
    ]
    await browser.open("/staff/taxes")
    answer = await browser.send("/staff/taxes", **(RATE | {"valid_from": "2026-07-01"}))
    assert answer.status_code == 422
    assert "There is a rate for these goods" in browser.page.text
    assert await audited(browser) == ["tax_rate.created", "tax_rate.changed", "tax_rate.created"]


async def test_what_is_wrong_with_a_rate_stands_beside_it(browser: Browser):
    await browser.staff()
    for name, value in [
        ("percent", "101"),
        ("percent", "-1"),
        ("percent", "1_0"),
        ("percent", "NaN"),
        ("percent", "9" * 400),
        ("country", ""),
        ("country", "QQ"),
        ("valid_from", "yesterday"),
        ("valid_to", "2025-12-31"),
        ("source", ""),
        ("source", "\u202e law"),
        ("category", "cake"),
        ("region", "x" * 101),
    ]:
        await browser.open("/staff/taxes")
        answer = await browser.send("/staff/taxes", **(RATE | {"source": "Typed words", name: value}))
        assert answer.status_code == 422, (name, value)
        assert f'id="e-{name}"' in browser.page.text, (name, value)
    assert await browser.shop.scalar("SELECT count(*) FROM tax_rates") == 0


async def test_readers_do_not_see_them(browser: Browser):
    await browser.reader()
    for path in ("/staff/delivery", "/staff/taxes"):
        assert (await browser.open(path)).status_code == 403
