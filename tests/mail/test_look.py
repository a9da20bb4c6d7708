"""All mails, and the page to unsubscribe, in Chromium: nothing overflows, and axe-core finds nothing to say."""

from collections.abc import AsyncIterator, Mapping

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route

from tests.catalog.support import set_stock
from tests.catalog.test_restock import wait_for
from tests.chromium import browser, require_chromium
from tests.mail.preview import THEMES, shown
from tests.mail.samples import SAMPLES, rendered
from tests.support import Shop

# A mail is shown within the page of a mail program, whose landmarks are not the mail's business.
PART_OF_A_PAGE = {"rules": {name: {"enabled": False} for name in ("landmark-one-main", "region")}}
OVERFLOW = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
WIDTHS = (320, 390, 800)


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    require_chromium()
    async with browser() as chromium:
        yield chromium


async def flawless(page: Page, options: Mapping[str, object]) -> None:
    """At no width does the page have to be moved sideways, and in no theme is it hard to read."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate(OVERFLOW) <= 0, width
    for theme in THEMES:
        await page.emulate_media(color_scheme=theme)
        results = await Axe().run(page, options={"resultTypes": ["violations"], **options})
        assert results.violations_count == 0, f"{theme}: {results.generate_report()}"


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "base"])
async def test_a_mail(chromium: Browser, name: str):
    """Seen to fail without `overflow-wrap` (overflow), and with a paler colophon (contrast)."""
    async with shown(chromium, rendered(name)["html"], 390, "light") as page:
        await flawless(page, PART_OF_A_PAGE)
        assert not await page.locator(".preheader").is_visible()


async def test_the_dark_theme_is_dark(chromium: Browser):
    """Seen to fail when the dark rules yield to the styles in the elements (without `!important`)."""
    async with shown(chromium, rendered("order_confirmation")["html"], 390, "dark") as page:
        ground = "getComputedStyle(document.querySelector('.{}')).backgroundColor"
        assert await page.evaluate(ground.format("card")) == "rgb(33, 29, 25)"
        assert await page.evaluate(ground.format("page")) == "rgb(23, 20, 17)"


async def test_unsubscribing(chromium: Browser, shop: Shop):
    """The page under its own Content-Security-Policy. Seen to fail without its nonce or its `form-action`."""
    admin, reader, book = await shop.admin(), await shop.person(), await shop.book(stock_quantity=0)
    await wait_for(shop, reader, book)
    await set_stock(shop, admin, book, 1)
    link = await shop.scalar("SELECT unsubscribe_url FROM email_outbox")

    async def answer(route: Route) -> None:
        asked = route.request
        answer = await shop.client.request(
            asked.method, asked.url, content=asked.post_data_buffer, headers=await asked.all_headers()
        )
        await route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    page = await chromium.new_page()
    await page.route("**/*", answer)
    for address in (link, f"{link}x"):
        await page.goto(address)
        assert await page.evaluate("getComputedStyle(document.querySelector('main')).borderRadius") == "12px"
        await flawless(page, {})
    await page.goto(link)
    await page.get_by_role("button", name="Stop these mails").click()
    await page.get_by_role("heading", name="You get no more of these mails").wait_for()
    await flawless(page, {})
    assert not await shop.scalar("SELECT restock_mails FROM users WHERE id = :id", id=reader.id)
    await page.close()
