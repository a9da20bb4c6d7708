"""What the shop says of itself stands on its pages."""

from typing import Any

from app.addresses.schemas import Address
from app.shop.service import ShopService
from app.shop.settings import Contact, Identity, Section
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
