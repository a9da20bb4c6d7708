"""What people do on pages, in a window with scripts or without."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.support import PATIENCE_MS
from tests.support import Person, Shop

expect.set_options(timeout=PATIENCE_MS)
with_and_without_scripts = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def button(page: Page, name: str) -> Locator:
    """A button of the page itself, not of its header."""
    return page.get_by_role("main").get_by_role("button", name=name)


def link(page: Page, name: str) -> Locator:
    """A link of the page itself, not of its header."""
    return page.get_by_role("main").get_by_role("link", name=name, exact=True)


def top(page: Page, name: str) -> Locator:
    """A link at the top of every page."""
    return page.get_by_role("navigation", name="Main").get_by_role("link", name=name)


def said(page: Page) -> Locator:
    """What the shop says after something was done."""
    return page.locator("[data-messages]")


async def heading(page: Page, text: str) -> None:
    """Wait until the page with that heading stands there."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(text)


async def find(page: Page, words: str) -> None:
    """Search with the field at the top of every page."""
    await page.get_by_label("Search title, author or ISBN").fill(words)
    await page.get_by_label("Search title, author or ISBN").press("Enter")
    await heading(page, f"Results for “{words}”")


async def order_by_api(shop: Shop, buyer: Person, book: int, copies: int = 1) -> int:
    """The id of an order that the buyer placed elsewhere."""
    await shop.add_to_cart(buyer, book, copies)
    answer = await shop.checkout(buyer)
    assert answer.status_code == 201, answer.text
    order: int = answer.json()["id"]
    return order
