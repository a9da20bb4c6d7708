"""Pages print the totals that are stored with an order; none adds up its lines."""

from decimal import Decimal

import pytest

from tests.web.browser import Browser


async def discounted(browser: Browser) -> int:
    """The id of an order of the reader who is signed in: 2 × 9.50, of which 4.00 were taken off."""
    person = await browser.reader()
    book = await browser.shop.book(price=Decimal("9.50"))
    await browser.shop.add_to_cart(person, book, 2)
    order: int = (await browser.shop.checkout(person)).json()["id"]
    await browser.shop.rows("UPDATE orders SET discount_total = 4, grand_total = 15")
    return order


@pytest.mark.parametrize(
    "path",
    [
        "/account/orders",
        "/account/orders/{order}",
        "/account/orders/{order}/receipt",
        "/account/orders/{order}/cancel",
        "/checkout/thanks/{order}",
    ],
)
async def test_the_buyer_reads_what_was_paid(browser: Browser, path: str):
    """Seen to fail ($19.00) when lines are added up."""
    await browser.open(path.format(order=await discounted(browser)))
    assert "$15.00" in browser.text


@pytest.mark.parametrize("path", ["/staff/orders", "/staff/orders/{order}"])
async def test_staff_read_what_was_paid(browser: Browser, path: str):
    order = await discounted(browser)
    await browser.staff()
    await browser.open(path.format(order=order))
    assert "$15.00" in browser.text
