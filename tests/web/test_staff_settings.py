"""The pages of the shop's settings."""

from typing import Any

import pytest

from app.shop.service import SHOP
from app.shop.settings import ShopSettings
from tests.web.browser import Browser

SECTIONS = ["identity", "contact", "selling"]


async def said(browser: Browser) -> ShopSettings:
    app = browser.shop.app
    return await app.state.database.transaction(SHOP.of(app).settings)


async def test_each_section_is_saved_and_told(browser: Browser):
    person = await browser.staff()
    await browser.open("/staff/settings")
    await browser.send("/staff/settings/identity", name="Leaf & Co")
    assert "Saved." in browser.text
    assert "Name: Bookstore → Leaf &amp; Co" in browser.text
    assert person.email in browser.text
    await browser.open("/staff/settings/contact")
    await browser.send("/staff/settings/contact", company="Leaf Inc.", phone="12")
    await browser.open("/staff/settings/selling")
    choices: dict[str, Any] = {
        "time_zone": "Europe/Berlin",
        "tax_mode": "included",
        "ship_tax_at": "home",
        "home_country": "DE",
    }
    await browser.send("/staff/settings/selling", currency="eur", **choices)
    shop = await said(browser)
    assert (shop.name, shop.contact.company, shop.contact.phone) == ("Leaf & Co", "Leaf Inc.", "12")
    assert (shop.currency, shop.selling.time_zone, shop.selling.home_country) == ("EUR", "Europe/Berlin", "DE")
    assert shop.versions == {"identity": 1, "contact": 1, "selling": 1}
    assert await browser.shop.scalar("SELECT count(*) FROM audit_events WHERE action = 'settings.changed'") == 3


async def test_the_address_of_the_shop_is_checked_by_its_country_and_may_be_absent(browser: Browser):
    await browser.staff()
    await browser.open("/staff/settings/contact")
    await browser.send("/staff/settings/contact", company="Leaf Inc.", tax_number="12-345", address_country="US")
    assert "Saved." in browser.text
    assert (await said(browser)).contact.address is None
    given: dict[str, Any] = {"address_street": "1 Main St", "address_city": "Springfield", "address_region": "IL"}
    await browser.send("/staff/settings/contact", address_country="US", address_postal_code="x", **given)
    assert browser.page.status_code == 422
    assert 'id="e-address_postal_code"' in browser.page.text
    assert "Springfield" in browser.page.text
    await browser.send("/staff/settings/contact", address_country="US", address_postal_code="62701", **given)
    assert "Saved." in browser.text
    contact = (await said(browser)).contact
    assert contact.company == "Leaf Inc."
    assert contact.address
    assert contact.address.city == "Springfield"
    await browser.send("/staff/settings/contact", address_country="DE", change_country="address_address")
    assert browser.page.status_code == 200
    assert 'name="address_fields_of" value="DE"' in browser.page.text


async def test_who_saves_what_somebody_else_changed_sees_both_and_loses_nothing(browser: Browser):
    await browser.staff()
    await browser.open("/staff/settings")
    await browser.send("/staff/settings/identity", name="First")
    old = browser.page
    await browser.send("/staff/settings/identity", name="Second")
    browser.page = old
    await browser.send("/staff/settings/identity", name="Third")
    assert browser.page.status_code == 422
    assert "Somebody else saved" in browser.text
    assert "Stored now: Second" in browser.text
    assert 'value="Third"' in browser.page.text
    assert (await said(browser)).name == "Second"
    await browser.send("/staff/settings/identity", name="Third")
    assert (await said(browser)).name == "Third"


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(browser: Browser):
    await browser.staff()
    await browser.open("/staff/settings/selling")
    wrong: dict[str, Any] = {"currency": "XXY", "time_zone": "UTC", "tax_mode": "none", "ship_tax_at": "home"}
    await browser.send("/staff/settings/selling", **wrong, low_stock_threshold="many", few_left_threshold="")
    assert browser.page.status_code == 422
    for name in ("currency", "low_stock_threshold", "few_left_threshold"):
        assert f'id="e-{name}"' in browser.page.text
    assert 'value="XXY"' in browser.page.text
    assert (await said(browser)).version == 0


async def test_prices_that_do_not_fit_are_counted_beside_the_currency(browser: Browser):
    await browser.staff()
    await browser.shop.book(price="10.50")
    await browser.open("/staff/settings/selling")
    choices: dict[str, Any] = {"time_zone": "UTC", "tax_mode": "none", "ship_tax_at": "home"}
    await browser.send("/staff/settings/selling", currency="JPY", **choices)
    assert browser.page.status_code == 422
    assert 'id="e-currency"' in browser.page.text
    assert "The price of one book is no amount of JPY" in browser.text


@pytest.mark.parametrize("section", SECTIONS)
async def test_hostile_values_are_told_or_kept_as_text(browser: Browser, section: str):
    await browser.staff()
    path = "/staff/settings" if section == "identity" else f"/staff/settings/{section}"
    for value in ("\0", "\ud83d", "\u202eevil", "<script>alert(1)</script>", "x" * 6000, "-1", "9" * 400, "1e400"):
        await browser.open(path)
        names = [
            name
            for name in ("name", "company", "email", "phone", "currency", "time_zone", "tax_mode")
            if f'name="{name}"' in browser.page.text
        ]
        for name in [*names, "low_stock_threshold", "version", "address_country", "address_street", "home_country"]:
            await browser.open(path)
            given: dict[str, Any] = {name: value.encode("utf-8", "surrogatepass")}
            await browser.send(f"/staff/settings/{section}", **given)
            assert browser.page.status_code in {200, 422}, (name, value)
            assert "<script>alert" not in browser.page.text


async def test_unknown_sections_are_not_found(browser: Browser):
    await browser.staff()
    assert (await browser.open("/staff/settings/nothing")).status_code == 404
