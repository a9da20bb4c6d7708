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
    ("path", "sentence"),
    [
        ("/account/orders", "A Book $15.00"),
        ("/account/orders/{order}", "Total $15.00"),
        ("/account/orders/{order}/receipt", "Total $15.00"),
        ("/account/orders/{order}/cancel", "$15.00 go back to you"),
        ("/checkout/thanks/{order}", "Total $15.00"),
    ],
)
async def test_the_buyer_reads_what_was_paid(browser: Browser, path: str, sentence: str):
    """Seen to fail ($19.00) when each page shows what the lines come to."""
    await browser.open(path.format(order=await discounted(browser)))
    assert sentence in browser.text


async def test_staff_read_what_was_paid(browser: Browser):
    order = await discounted(browser)
    await browser.staff()
    await browser.open("/staff/orders")
    assert "Confirmed 2 $15.00" in browser.text
    await browser.open(f"/staff/orders/{order}")
    assert "Total $15.00" in browser.text
    assert "$15.00 goes back to the buyer" in browser.text
