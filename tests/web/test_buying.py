"""Basket and checkout on pages, without scripts."""

from decimal import Decimal
from typing import Any

import pytest

from app.accounts.passwords import hash_password
from app.payments.service import MockPaymentService
from tests.delivery.support import parcel, zone
from tests.web.browser import Browser, forms

PASSWORD = "correct horse battery"


async def add(browser: Browser, book_id: int, quantity: int | str = 1, **headers: str) -> Any:
    await browser.open("/")
    token = browser.page.text.split('data-csrf="')[1].split('"')[0]
    fields = {"csrf": token, "book_id": book_id, "quantity": quantity}
    browser.page = await browser.client.post("/basket/add", data=fields, headers=headers, follow_redirects=True)
    return browser.page


async def test_a_guest_keeps_a_basket(browser: Browser):
    book = await browser.shop.book(title="Mort", price=Decimal("9.50"))
    await add(browser, book)
    assert browser.page.url.path == "/basket"
    assert "Added to your basket." in browser.text
    await add(browser, book, 2)
    assert "$28.50" in browser.text
    assert "data-basket-count >3<" in browser.page.text
    assert [tuple(row) for row in await browser.shop.rows("SELECT book_id, quantity FROM cart_items")] == [(book, 3)]
    assert await browser.shop.scalar("SELECT count(*) FROM carts WHERE user_id IS NULL") == 1


async def test_copies_are_changed_and_lines_taken_out(browser: Browser):
    book = await browser.shop.book(title="Mort", price=Decimal("9.50"))
    for sign_in in (False, True):
        if sign_in:
            await browser.reader()
        await add(browser, book)
        await browser.send("/basket/change", quantity="4")
        assert "$38.00" in browser.text
        await browser.send("/basket/change", quantity="many")
        assert "whole number" in browser.text
        assert "$38.00" in browser.text
        await browser.send("/basket/change", quantity="0")
        assert "Your basket is empty" in browser.text


async def test_what_was_never_in_the_basket_stays_out(browser: Browser):
    there, other = await browser.shop.book(), await browser.shop.book()
    await add(browser, there)
    await browser.send("/basket/change", book_id=str(other), quantity="3")
    assert list(lines(browser)) == [there]


def lines(browser: Browser) -> list[int]:
    return list(
        dict.fromkeys(int(form.fields["book_id"]) for form in forms(browser.page.text) if "book_id" in form.fields)
    )


@pytest.mark.parametrize("quantity", ["-1", "x", "", "99999999999", "0"])
async def test_a_senseless_number_of_copies_is_refused_and_nothing_lost(browser: Browser, quantity: str):
    book = await browser.shop.book()
    await add(browser, book, 2)
    await add(browser, book, quantity)
    assert browser.page.status_code == 200
    assert "2" in browser.page.text.split("data-basket-count")[1][:20] or quantity == ""


async def test_sold_out_and_unknown_books_cannot_be_added(browser: Browser):
    gone = await browser.shop.book(stock_quantity=0)
    await add(browser, gone)
    assert "out of stock" in browser.text
    await add(browser, 999_999)
    assert "Your basket is empty" in browser.text


async def test_the_cookie_of_a_guest_stays_small_however_large_the_basket(browser: Browser):
    books = [await browser.shop.book() for _ in range(60)]
    for book in books:
        await add(browser, book)
    assert len(lines(browser)) == 60
    assert len(browser.client.cookies["bookstore_guest"]) < 4000


async def test_a_script_gets_the_new_count(browser: Browser):
    book = await browser.shop.book(stock_quantity=1)
    assert (await add(browser, book, 2, Accept="application/json")).json() == {
        "text": "Added to your basket.",
        "count": 2,
    }
    none_left = await browser.shop.book(stock_quantity=0)
    assert (await add(browser, none_left, 1, Accept="application/json")).status_code == 409


async def test_the_basket_of_a_guest_joins_that_of_the_account(browser: Browser):
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    both, new, gone = [await browser.shop.book() for _ in range(3)]
    await browser.shop.add_to_cart(person, both, 1)
    await add(browser, both, 3)
    await add(browser, new, 2)
    await add(browser, gone, 1)
    await browser.shop.rows("DELETE FROM books WHERE id = :id", id=gone)
    await browser.open("/account/sign-in?next=/basket")
    await browser.send("/account/sign-in", email=person.email, password=PASSWORD)
    found = await browser.shop.rows("SELECT book_id, quantity FROM cart_items ORDER BY id")
    assert [tuple(row) for row in found] == [(both, 3), (new, 2)]
    await browser.client.get("/account/sign-in")
    assert "data-basket-count >5<" in (await browser.open("/")).text


async def test_a_changed_price_is_told_once(browser: Browser):
    book = await browser.shop.book(price=Decimal("10.00"))
    await add(browser, book)
    await browser.shop.rows("UPDATE books SET price = 12 WHERE id = :id", id=book)
    await browser.open("/basket")
    assert "Price went up: was $10.00" in browser.text
    await browser.open("/basket")
    assert "Price went up" not in browser.text


async def test_a_line_that_cannot_be_had_says_so_and_stops_the_checkout(browser: Browser):
    await browser.reader()
    book = await browser.shop.book(stock_quantity=2)
    await add(browser, book, 3)
    assert "Only 2 left. Please order fewer" in browser.text
    assert 'href="/checkout"' not in browser.page.text
    await browser.open("/checkout")
    assert browser.page.url.path == "/basket"


async def test_a_guest_buys_without_an_account(browser: Browser):
    await add(browser, await browser.shop.book(title="Mort", price=Decimal("9.50")), 2)
    await browser.open("/checkout")
    assert "You need no account." in browser.text
    await browser.send("/checkout")
    assert browser.page.status_code == 422
    assert "Please say where the confirmation is to go." in browser.text
    assert "Please say who buys." in browser.text
    await browser.send("/checkout", email="vera@example.com", name="Vera Visitor")
    assert browser.page.url.path.startswith("/order/")
    assert "Thank you, your order is confirmed" in browser.text
    assert "$19.00" in browser.text
    path = browser.page.url.path
    await browser.open("/basket")
    assert "Your basket is empty" in browser.text
    browser.client.cookies.clear()
    assert (await browser.open(path)).status_code == 200
    assert (await browser.open(f"{path[:-1]}{'A' if path[-1] != 'A' else 'B'}")).status_code == 404
    assert (await browser.open("/order/short")).status_code == 404


async def test_a_second_click_of_a_guest_finds_the_first_order(browser: Browser):
    await add(browser, await browser.shop.book(), 2)
    await browser.open("/checkout")
    page = browser.page
    first = await browser.send("/checkout", follow=False, email="vera@example.com", name="Vera")
    browser.page = page
    again = await browser.send("/checkout", follow=False, email="vera@example.com", name="Vera")
    assert first.status_code == again.status_code == 303
    assert again.headers["location"] == first.headers["location"]
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 1


async def test_a_parcel_is_paid_for_with_its_delivery(browser: Browser):
    """Nothing typed is lost when the choice changes or a field is wrong."""
    method = await parcel(browser.shop, await zone(browser.shop, ("DE", None, None)), {None: "4.50"}, name="Post")
    await add(browser, await browser.shop.book(price=Decimal("9.50")), 2)
    await browser.open("/checkout")
    typed: dict[str, Any] = {"email": "vera@example.com", "name": "Vera", "method": str(method), "ship_country": "DE"}
    await browser.send("/checkout", update="1", **typed)
    assert "Pay $23.50" in browser.text
    assert "Street address" in browser.text
    typed |= {"ship_fields_of": "DE", "ship_name": "Vera", "ship_street": "Weg 1", "ship_city": "Berlin"}
    await browser.send("/checkout", **typed, ship_postal_code="1")
    assert browser.page.status_code == 422
    assert "Please enter one like" in browser.text
    assert "Weg 1" in browser.page.text
    await browser.send("/checkout", **typed, ship_postal_code="10117")
    assert "Delivery: Post $4.50" in browser.text
    assert "10117 Berlin" in browser.text
    assert await browser.shop.scalar("SELECT grand_total FROM orders") == Decimal("23.50")


async def test_a_basket_that_moved_away_meanwhile_is_not_ordered(browser: Browser):
    """As if another window had signed in, and the basket had joined that of the account."""
    await add(browser, await browser.shop.book(), 2)
    await browser.open("/checkout")
    await browser.shop.rows("DELETE FROM carts")
    await browser.send("/checkout", email="vera@example.com", name="Vera")
    assert browser.page.url.path == "/basket"
    assert "Nothing was charged." in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 0


async def test_where_nothing_is_delivered_the_form_says_so(browser: Browser):
    method = await parcel(browser.shop, await zone(browser.shop, ("DE", None, None)), {None: "4.50"}, name="Post")
    await add(browser, await browser.shop.book(), 2)
    await browser.open("/checkout")
    typed: dict[str, Any] = {"email": "vera@example.com", "name": "Vera", "method": str(method), "ship_country": "FR"}
    await browser.send("/checkout", **typed)
    assert browser.page.status_code == 422
    assert "This way of delivery does not reach the address." in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 0


async def basket_of_a_reader(browser: Browser, **columns: Any) -> int:
    await browser.reader()
    book = await browser.shop.book(title="Mort", price=Decimal("9.50"), **columns)
    await add(browser, book, 2)
    await browser.open("/checkout")
    return book


async def test_a_reader_buys(browser: Browser):
    book = await basket_of_a_reader(browser)
    assert "$19.00" in browser.text
    await browser.send("/checkout")
    assert browser.page.url.path.startswith("/checkout/thanks/")
    assert "your order is confirmed" in browser.text
    assert "$19.00" in browser.text
    assert await browser.shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book) == 8
    await browser.open("/basket")
    assert "Your basket is empty" in browser.text


async def test_a_second_click_finds_the_first_order(browser: Browser):
    await basket_of_a_reader(browser)
    page = browser.page
    first = await browser.send("/checkout", follow=False)
    browser.page = page
    again = await browser.send("/checkout", follow=False)
    assert again.headers["location"] == first.headers["location"]
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 1


async def test_a_declined_payment_can_be_tried_again_with_the_same_form(browser: Browser):
    await basket_of_a_reader(browser)
    key = forms(browser.page.text)[-1].fields["idempotency_key"]
    await browser.send("/checkout", force_payment_failure="true")
    assert browser.page.status_code == 402
    assert "Your payment was declined." in browser.text
    assert 'role="alert"' in browser.page.text
    assert forms(browser.page.text)[-1].fields["idempotency_key"] == key
    await browser.send("/checkout")
    assert "your order is confirmed" in browser.text


async def test_a_price_that_changed_meanwhile_is_not_charged(browser: Browser):
    book = await basket_of_a_reader(browser)
    await browser.shop.rows("UPDATE books SET price = 99 WHERE id = :id", id=book)
    await browser.send("/checkout")
    assert browser.page.status_code == 409
    assert "The total has changed. Nothing was charged" in browser.text
    assert "Pay $198.00" in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 0
    await browser.send("/checkout")
    assert "your order is confirmed" in browser.text
    assert "$198.00" in browser.text


async def test_copies_sold_meanwhile_are_not_charged(browser: Browser):
    book = await basket_of_a_reader(browser, stock_quantity=2)
    await browser.shop.rows("UPDATE books SET stock_quantity = 1 WHERE id = :id", id=book)
    await browser.send("/checkout")
    assert browser.page.url.path == "/basket"
    assert "Some copies were sold in the meantime." in browser.text
    assert "Only 1 left" in browser.text


async def test_an_empty_basket_leads_to_the_orders(browser: Browser):
    await basket_of_a_reader(browser)
    await browser.shop.rows("DELETE FROM cart_items")
    await browser.send("/checkout")
    assert "the order may have been placed already" in browser.text


@pytest.mark.parametrize("key", ["", "x" * 65, "ü", "a b"])
async def test_a_form_without_a_proper_key_buys_nothing(browser: Browser, key: str):
    await basket_of_a_reader(browser)
    await browser.send("/checkout", idempotency_key=key)
    assert browser.page.url.path == "/checkout"
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 0


async def test_the_orders_of_others_are_not_shown(browser: Browser):
    await basket_of_a_reader(browser)
    await browser.send("/checkout")
    path = browser.page.url.path
    await browser.reader()
    assert (await browser.open(path)).status_code == 404


async def test_a_gateway_out_of_reach_is_a_page_and_nothing_is_lost(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
):
    await basket_of_a_reader(browser)

    async def charge(*_: object, **__: object) -> None:
        raise RuntimeError("gateway down")

    monkeypatch.setattr(MockPaymentService, "charge", charge)
    await browser.send("/checkout")
    assert browser.page.status_code == 500
    assert "The fault is ours" in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM cart_items") == 1
