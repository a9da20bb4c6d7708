"""The address book on pages, as a browser without scripts uses it."""

from typing import Any

from tests.addresses.support import GERMAN, US, add
from tests.support import Person
from tests.web.browser import Browser

NEW = "/account/addresses/new"


async def rows(browser: Browser) -> list[Any]:
    return list(await browser.shop.rows("SELECT label, address, is_default, version FROM addresses ORDER BY id"))


def us(**others: str) -> dict[str, Any]:
    """What the form for the United States sends; its `fields_of` is hidden."""
    return {**US, **others}


async def test_an_address_is_added_and_shown_as_a_parcel_shows_it(browser: Browser):
    await browser.reader()
    await browser.open("/account/addresses")
    assert "No addresses yet" in browser.text
    await browser.open(NEW)
    assert "ZIP code" in browser.text
    assert "State" in browser.text
    await browser.send(NEW, **us(label=" Home "))
    assert "The address is in your book." in browser.text
    assert "Ada Lovelace 1600 Amphitheatre Parkway Mountain View, CA 94043 United States" in browser.text
    assert "Default" in browser.text
    [row] = await rows(browser)
    assert tuple(row) == ("Home", US, True, 1)


async def test_the_fields_follow_the_country_and_keep_what_was_typed(browser: Browser):
    """Without scripts: the button sends the form, which comes back with the fields of the other country."""
    await browser.reader()
    await browser.open(NEW)
    await browser.send(NEW, **us(country="DE"), change_country="address")
    assert browser.page.status_code == 200
    page = browser.page.text
    assert 'name="fields_of" value="DE"' in page
    assert 'value="Mountain View"' in page
    assert "1600 Amphitheatre Parkway</textarea>" in page
    assert '<input type="hidden" name="region" value="CA">' in page
    assert 'id="f-region"' not in page
    assert "aria-invalid" not in page
    await browser.send(NEW, **us(country="US"), change_country="address")
    assert '<option value="CA" selected>California</option>' in browser.page.text
    assert await rows(browser) == []
    await browser.send(NEW, **us(country="DE"), change_country="address")
    await browser.send(NEW, **us(country="DE", postal_code="80331"))
    [row] = await rows(browser)
    kept = {name: value for name, value in US.items() if name != "region"}
    assert row.address == kept | {"country": "DE", "postal_code": "80331"}


async def test_a_form_sent_with_the_fields_of_another_country_is_shown_with_the_right_ones(browser: Browser):
    """Seen to save a German address without asking for its fields when only the button was looked at."""
    await browser.reader()
    await browser.open(NEW)
    await browser.send(NEW, **us(country="DE", postal_code="80331"))
    assert browser.page.status_code == 422
    assert "These are the fields of this country." in browser.text
    assert 'name="fields_of" value="DE"' in browser.page.text
    assert await rows(browser) == []
    await browser.send(NEW, **us(country="DE", postal_code="80331"))
    assert len(await rows(browser)) == 1


async def test_what_is_wrong_stands_beside_its_field_and_all_that_was_typed_stays(browser: Browser):
    await browser.reader()
    await browser.open(NEW)
    await browser.send(NEW, **us(postal_code="9404", name="", street="", phone="x", company="ACME", city="Bath <&>"))
    assert browser.page.status_code == 422
    page = browser.page.text
    for name, sentence in {
        "postal_code": "Please enter one like 95014.",
        "street": "Please fill this in.",
        "phone": "Please enter a phone number.",
    }.items():
        assert f'id="e-{name}"' in page
        assert sentence in page
    assert 'id="e-name"' not in page
    assert "ZIP code: Please enter one like 95014." in browser.text
    assert 'value="Bath &lt;&amp;&gt;"' in page
    assert '<option value="CA" selected>' in page
    assert await rows(browser) == []


async def test_a_country_that_is_none_is_said_to_be(browser: Browser):
    await browser.reader()
    for country in ("", "XX", "zz", "../us", "\u202eUS", "U" * 3000, "ß"):
        await browser.open(NEW)
        await browser.send(NEW, **us(country=country))
        assert browser.page.status_code == 422, country
        assert 'id="e-country"' in browser.page.text
        assert "1600 Amphitheatre Parkway</textarea>" in browser.page.text
    assert await rows(browser) == []


async def test_hostile_values_are_refused_beside_their_field(browser: Browser):
    await browser.reader()
    for name in ("name", "company", "street", "city", "postal_code", "phone", "label"):
        for value in ("\u202eevil", "x" * 5000, "a\x07b", "\u2066x", "a\x85b"):
            await browser.open(NEW)
            await browser.send(NEW, **us(**{name: value}))
            assert (browser.page.status_code, f'id="e-{name}"' in browser.page.text) == (422, True), (name, value)
    await browser.open(NEW)
    await browser.send(NEW, **us(name="Ada\0\0 Lovelace"))
    assert (await rows(browser))[0].address["name"] == "Ada Lovelace"


async def test_an_address_is_changed_and_the_form_is_filled_with_it(browser: Browser):
    person = await browser.reader()
    address = await add(browser.shop, person, GERMAN, label="Büro")
    await browser.open(f"/account/addresses/{address}")
    for text in ('value="80331"', "Marienplatz 1</textarea>", 'value="Büro"', 'name="fields_of" value="DE"'):
        assert text in browser.page.text
    await browser.send(f"/account/addresses/{address}", **{**GERMAN, "street": "Marienplatz 2\r\n\r\n  Hinterhaus "})
    assert "The address is changed." in browser.text
    [row] = await rows(browser)
    assert (row.label, row.version) == ("Büro", 2)
    assert row.address == {**GERMAN, "street": "Marienplatz 2\nHinterhaus"}


async def test_of_two_browsers_the_second_sees_both_and_loses_nothing(browser: Browser):
    """Seen to overwrite what the first one saved when the version was not compared."""
    person = await browser.reader()
    address = await add(browser.shop, person, GERMAN)
    path = f"/account/addresses/{address}"
    await browser.open(path)
    here = browser.page
    await browser.send(path, **{**GERMAN, "street": "Im Tal 5"})
    browser.page = here
    await browser.send(path, **{**GERMAN, "street": "Sendlinger Straße 8"})
    assert browser.page.status_code == 422
    assert "This address was changed elsewhere meanwhile." in browser.text
    assert "What is stored now" in browser.text
    assert "Im Tal 5" in browser.text
    assert "Sendlinger Straße 8</textarea>" in browser.page.text
    assert (await rows(browser))[0].address["street"] == "Im Tal 5"
    await browser.send(path, **{**GERMAN, "street": "Sendlinger Straße 8"})
    [row] = await rows(browser)
    assert (row.address["street"], row.version) == ("Sendlinger Straße 8", 3)


async def test_what_was_deleted_in_another_browser_can_be_kept_as_a_new_one(browser: Browser):
    person = await browser.reader()
    address = await add(browser.shop, person, GERMAN)
    path = f"/account/addresses/{address}"
    await browser.open(path)
    await browser.shop.rows("DELETE FROM addresses")
    await browser.send(path, **{**GERMAN, "street": "Im Tal 5"})
    assert browser.page.status_code == 422
    assert "This address was deleted elsewhere meanwhile." in browser.text
    assert "Im Tal 5</textarea>" in browser.page.text
    await browser.send(NEW, **{**GERMAN, "street": "Im Tal 5"})
    assert (await rows(browser))[0].address["street"] == "Im Tal 5"


async def test_another_address_becomes_the_default_and_goes(browser: Browser):
    person = await browser.reader()
    _, second = await add(browser.shop, person, US), await add(browser.shop, person, GERMAN)
    await browser.open("/account/addresses")
    await browser.send(f"/account/addresses/{second}/default")
    assert "This is your default address now." in browser.text
    assert [row.is_default for row in await rows(browser)] == [False, True]
    page = browser.page
    for _ in range(2):
        browser.page = page
        await browser.send(f"/account/addresses/{second}/delete")
        assert "The address is not in your book any more." in browser.text
    [row] = await rows(browser)
    assert (row.is_default, row.address) == (True, US)


async def test_an_address_that_is_gone_cannot_become_the_default(browser: Browser):
    person = await browser.reader()
    first, _ = await add(browser.shop, person, US), await add(browser.shop, person, GERMAN, is_default=True)
    await browser.open("/account/addresses")
    await browser.shop.rows("DELETE FROM addresses WHERE id = :id", id=first)
    await browser.send(f"/account/addresses/{first}/default")
    assert "There is no address with this id in your address book." in browser.text
    assert [row.is_default for row in await rows(browser)] == [True]


async def test_a_full_book_says_so_and_keeps_what_was_typed(browser: Browser):
    browser.shop.bound(max_addresses=1)
    await add(browser.shop, await browser.reader(), US)
    await browser.open(NEW)
    await browser.send(NEW, **us(street="Elsewhere 1"))
    assert browser.page.status_code == 422
    assert "Your address book holds 1 addresses, and no more fit in." in browser.text
    assert "Elsewhere 1</textarea>" in browser.page.text
    assert len(await rows(browser)) == 1


async def test_addresses_of_another_are_not_shown_changed_or_deleted(browser: Browser):
    other: Person = await browser.shop.person()
    theirs = await add(browser.shop, other, GERMAN)
    mine = await add(browser.shop, await browser.reader(), US)
    assert (await browser.open(f"/account/addresses/{theirs}")).status_code == 404
    before = await rows(browser)
    for step in ("", "/default", "/delete"):
        await browser.open("/account/addresses" if step else f"/account/addresses/{mine}")
        token = browser.page.text.split('name="csrf" value="')[1].split('"')[0]
        sent = {"csrf": token, "version": "1", "fields_of": "US", **US}
        answer = await browser.client.post(f"/account/addresses/{theirs}{step}", data=sent)
        assert answer.status_code in {303, 422}
        assert "Marienplatz" not in answer.text
    assert await rows(browser) == before


async def test_the_fields_alone_are_served_for_any_country_and_prefix(browser: Browser):
    answer = await browser.client.get("/address-form?country=CA&prefix=ship_&group=shipping")
    assert answer.status_code == 200
    for text in ('name="ship_region"', 'autocomplete="shipping postal-code"', "Province", 'value="ship_address"'):
        assert text in answer.text
    assert 'name="fields_of" value="US"' in (await browser.client.get("/address-form?country=XX")).text
    for query in ("prefix=%3Cb%3E", "prefix=" + "x" * 50, "group=x", "country=USA", "country=%00", "prefix=%00"):
        assert (await browser.client.get(f"/address-form?{query}")).status_code in {404, 422}, query


async def test_an_empty_form_begins_where_the_reader_or_the_shop_is(browser: Browser):
    """The country of the default address, else that of the shop, else that of its locale."""
    person = await browser.reader()
    await browser.open(NEW)
    assert 'name="fields_of" value="US"' in browser.page.text
    await browser.shop.rows(
        "INSERT INTO shop_settings (section, version, values) VALUES ('selling', 1, '{\"home_country\": \"FR\"}')"
    )
    await browser.open(NEW)
    assert 'name="fields_of" value="FR"' in browser.page.text
    await add(browser.shop, person, GERMAN)
    await browser.open(NEW)
    assert 'name="fields_of" value="DE"' in browser.page.text
