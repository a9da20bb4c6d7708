"""What the shop says of itself stands on its pages."""

from typing import Any

import pytest

from app.addresses.schemas import Address
from app.shop.service import ShopService
from app.shop.settings import Contact, Identity, Section, Selling
from tests.statements import statements
from tests.web.browser import Browser

NAME = 'Leaf & <b>"Co"</b>'
SHOWN = "Leaf &amp; &lt;b&gt;&#34;Co&#34;&lt;/b&gt;"


async def say(browser: Browser, section: str, values: Section) -> None:
    async def work(session: Any) -> None:
        await ShopService(session).save(section, values, 0, None)

    await browser.shop.app.state.database.transaction(work)


async def test_pages_feeds_and_errors_bear_the_name(browser: Browser):
    book = await browser.shop.book()
    await say(browser, "identity", Identity(name=NAME))
    for path in ("/", "/shop", f"/shop/books/{book}", "/basket", "/account/sign-in", "/nowhere"):
        page = (await browser.client.get(path, headers={"Accept": "text/html"})).text
        assert SHOWN in page.split("</title>")[0], path
        assert f"<span>{SHOWN}</span>" in page, path
        assert "Bookstore" not in page, path
        assert NAME not in page, path
    assert (
        '"seller": {"@type": "Organization", "name": "Leaf \\u0026 \\u003cb'
        in (await browser.open(f"/shop/books/{book}")).text
    )
    assert "New books at Leaf &amp; &lt;b&gt;" in (await browser.open("/feed.xml")).text


async def test_a_receipt_says_who_sells(browser: Browser):
    address = Address(country="US", street="1 Main St", city="Springfield", region="IL", postal_code="62701")
    await say(browser, "contact", Contact(company="Leaf Inc.", tax_number="12-345", address=address))
    buyer = await browser.reader()
    await browser.shop.add_to_cart(buyer, await browser.shop.book(), 1)
    order = (await browser.shop.checkout(buyer)).json()["id"]
    await browser.open(f"/account/orders/{order}/receipt")
    for said in ("Leaf Inc.", "1 Main St", "Springfield", "Tax number 12-345"):
        assert said in browser.text


async def test_a_page_asks_for_the_settings_once(browser: Browser):
    await browser.open("/shop")
    with statements() as seen:
        await browser.open("/shop")
    assert sum("shop_settings" in statement for statement in seen) == 1


async def test_few_copies_are_as_many_as_the_shop_says(browser: Browser):
    await browser.shop.book(stock_quantity=7)
    assert "Only 7 left" not in (await browser.open("/shop")).text
    await browser.staff()
    assert "sold out" not in (await browser.open("/staff/stock")).text
    assert "1 book with 10 or fewer" in browser.text
    await say(browser, "selling", Selling(few_left_threshold=7, low_stock_threshold=8))
    assert "Only 7 left" in (await browser.open("/shop")).text
    await browser.open("/staff/stock")
    assert "1 book with 8 or fewer" in browser.text
    assert "All 1 with 8 copies or fewer" in " ".join((await browser.open("/staff")).text.split())


@pytest.mark.parametrize(
    ("zone", "currency", "shown"),
    [
        ("UTC", "EUR", "Mar 28, 2027, 12:30 AM UTC"),
        ("Europe/Berlin", "EUR", "Mar 28, 2027, 1:30 AM CET"),
        ("Asia/Kathmandu", "JPY", "Mar 28, 2027, 6:15 AM +0545"),
        ("Pacific/Auckland", "USD", "Mar 28, 2027, 1:30 PM NZDT"),
    ],
)
async def test_times_and_prices_are_those_of_the_shop(browser: Browser, zone: str, currency: str, shown: str):
    await browser.shop.book(price=11)
    await say(browser, "selling", Selling(time_zone=zone, currency=currency))
    buyer = await browser.reader()
    await browser.shop.add_to_cart(buyer, await browser.shop.book(price=12), 1)
    order = (await browser.shop.checkout(buyer)).json()["id"]
    await browser.shop.rows("UPDATE orders SET created_at = '2027-03-28T00:30:00Z' WHERE id = :id", id=order)
    page = (await browser.open(f"/account/orders/{order}/receipt")).text.replace("\u202f", " ")
    assert shown in page
    sign = {"EUR": "\u20ac12.00", "JPY": "\u00a512", "USD": "$12.00"}[currency]
    assert sign in page
    assert f"Prices in {currency}" in page
