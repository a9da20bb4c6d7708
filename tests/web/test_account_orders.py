"""The reader's orders on pages: list, detail, receipt, cancelling."""

from decimal import Decimal
from typing import Any

import pytest

from tests.support import Person
from tests.web.browser import Browser, forms


async def buy(browser: Browser, person: Person, quantity: int = 2, **columns: Any) -> int:
    """The id of an order."""
    book = await browser.shop.book(**{"title": "Mort", "price": Decimal("9.50"), "isbn": "9780552131063"} | columns)
    await browser.shop.add_to_cart(person, book, quantity)
    answer = await browser.shop.checkout(person)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_the_list_shows_what_was_bought(browser: Browser):
    person = await browser.reader()
    await browser.open("/account/orders")
    assert "No orders yet" in browser.text
    order = await buy(browser, person)
    await browser.open("/account/orders")
    assert f"Order {await browser.shop.scalar('SELECT number FROM orders')}" in browser.text
    assert f'href="/account/orders/{order}"' in browser.page.text
    for said in ("$19.00", "Confirmed", "Mort", "2 books"):
        assert said in browser.text


async def test_older_orders_are_pages_that_follow(browser: Browser):
    person = await browser.reader()
    await browser.shop.rows(
        "INSERT INTO orders (user_id, created_at) SELECT :id, now() - day * interval '1 day'"
        " FROM generate_series(1, 12) AS day",
        id=person.id,
    )
    newest = [row[0] for row in await browser.shop.rows("SELECT id FROM orders ORDER BY created_at DESC")]
    await browser.open("/account/orders")
    assert "12 orders" in browser.text
    assert shown(browser) == newest[:10]
    await browser.open(browser.page.text.split('rel="next" href="')[1].split('"')[0])
    assert shown(browser) == newest[10:]
    assert 'rel="next"' not in browser.page.text
    assert "Latest" in browser.text


def shown(browser: Browser) -> list[int]:
    return [int(part.split('"')[0]) for part in browser.page.text.split('href="/account/orders/')[1:]]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "", "%C3%BC"])
async def test_a_damaged_address_leads_to_the_start_of_the_list(browser: Browser, cursor: str):
    await browser.reader()
    answer = await browser.client.get(f"/account/orders?cursor={cursor}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/orders")


async def test_an_order_with_its_lines_and_history(browser: Browser):
    person = await browser.reader()
    order = await buy(browser, person)
    await browser.open(f"/account/orders/{order}")
    for said in ("Mort", "An Author", "ISBN 9780552131063", "$9.50", "$19.00", "You placed and paid the order."):
        assert said in browser.text


async def test_an_order_outlives_its_book(browser: Browser):
    person = await browser.reader()
    order = await buy(browser, person)
    await browser.shop.rows("DELETE FROM books")
    for path in (f"/account/orders/{order}", f"/account/orders/{order}/receipt", "/account/orders", "/account"):
        assert (await browser.open(path)).status_code == 200
        assert "Mort" in browser.text
        assert "/shop/books/" not in browser.page.text


@pytest.mark.parametrize("page", ["", "/receipt", "/cancel"])
async def test_orders_of_others_are_not_there(browser: Browser, page: str):
    order = await buy(browser, await browser.reader())
    await browser.reader()
    assert (await browser.open(f"/account/orders/{order}{page}")).status_code == 404
    assert (await browser.open(f"/account/orders/99999999999{page}")).status_code == 404
    assert (await browser.open(f"/account/orders/x{page}")).status_code == 404


async def test_cancelling_an_order_of_another_does_nothing(browser: Browser):
    other = await browser.reader()
    order = await buy(browser, other)
    own = await buy(browser, await browser.reader(), isbn=None)
    await browser.open(f"/account/orders/{own}/cancel")
    token = forms(browser.page.text)[-1].fields["csrf"]
    answer = await browser.client.post(f"/account/orders/{order}/cancel", data={"csrf": token})
    assert answer.status_code == 404
    assert await status(browser, order) == "confirmed"


async def status(browser: Browser, order: int) -> str:
    return await browser.shop.scalar("SELECT status FROM orders WHERE id = :id", id=order)


async def test_a_buyer_cancels_in_time_after_being_asked(browser: Browser):
    person = await browser.reader()
    order = await buy(browser, person)
    await browser.open(f"/account/orders/{order}")
    assert "You can cancel until" in browser.text
    await browser.open(f"/account/orders/{order}/cancel")
    assert f"Cancel order {await browser.shop.scalar('SELECT number FROM orders')}?" in browser.text
    assert await status(browser, order) == "confirmed"
    page = browser.page
    await browser.send(f"/account/orders/{order}/cancel")
    assert "Your order is cancelled" in browser.text
    assert "The order was cancelled." in browser.text
    assert "You can cancel until" not in browser.text
    assert await browser.shop.scalar("SELECT stock_quantity FROM books") == 10
    browser.page = page
    await browser.send(f"/account/orders/{order}/cancel")
    assert browser.page.status_code == 200
    assert await browser.shop.scalar("SELECT stock_quantity FROM books") == 10


async def test_after_the_window_there_is_nothing_to_cancel(browser: Browser):
    person = await browser.reader()
    order = await buy(browser, person)
    await browser.open(f"/account/orders/{order}/cancel")
    page = browser.page
    await browser.shop.rows("UPDATE orders SET created_at = created_at - interval '31 minutes'")
    await browser.open(f"/account/orders/{order}")
    assert "cancel" not in browser.text.lower()
    await browser.open(f"/account/orders/{order}/cancel")
    assert browser.page.url.path == f"/account/orders/{order}"
    browser.page = page
    await browser.send(f"/account/orders/{order}/cancel")
    assert "Orders can be cancelled for 30 minutes." in browser.text
    assert await status(browser, order) == "confirmed"


async def test_the_receipt(browser: Browser):
    person = await browser.reader(display_name="Ann")
    order = await buy(browser, person)
    await browser.open(f"/account/orders/{order}/receipt")
    [(number, reference)] = await browser.shop.rows("SELECT number, payment_reference FROM orders")
    for said in ("Bookstore", f"Order {number}", "Ann", person.email, "Mort", "$9.50", "$19.00", reference):
        assert said in browser.text
    assert "data-print hidden" in browser.page.text
    assert "cancelled" not in browser.text
    await browser.shop.rows("UPDATE orders SET status = 'cancelled'")
    await browser.open(f"/account/orders/{order}/receipt")
    assert "This order was cancelled and its total was paid back." in browser.text


async def test_an_order_from_before_events_and_references(browser: Browser):
    person = await browser.reader()
    order = await buy(browser, person)
    await browser.shop.rows("DELETE FROM order_events")
    await browser.shop.rows("UPDATE orders SET payment_reference = NULL")
    await browser.shop.rows("UPDATE order_items SET title = NULL, author = NULL, isbn = NULL")
    await browser.open(f"/account/orders/{order}")
    assert "You placed the order." in browser.text
    assert "Mort" in browser.text
    assert "Payment" not in (await browser.open(f"/account/orders/{order}/receipt")).text


async def test_texts_of_books_are_never_markup(browser: Browser):
    person = await browser.reader(display_name="<i>Ann</i>")
    order = await buy(browser, person, title="<b>Mort</b>", author="<script>alert(1)</script>")
    for path in ("/account", "/account/orders", f"/account/orders/{order}", f"/account/orders/{order}/receipt"):
        await browser.open(path)
        for tag in ("<b>Mort", "<script>alert", "<i>Ann"):
            assert tag not in browser.page.text
