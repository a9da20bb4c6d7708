"""The confirmation mail of a sale: a row of the same transaction."""

import re
from decimal import Decimal

import pytest

from tests.support import Person, Shop

MAILS = "SELECT count(*) FROM email_outbox"


@pytest.fixture
async def buyer(shop: Shop) -> Person:
    """Ann, with two books in the cart."""
    person = await shop.person(display_name="Ann & Bob")
    emma = await shop.book(title="Emma <1815>", author="Jane Austen", price=Decimal("1234.50"), stock_quantity=3)
    await shop.add_to_cart(person, emma, 3)
    await shop.add_to_cart(person, await shop.book(title="Dune", author="Frank Herbert", price=Decimal("0.10")), 1)
    return person


async def test_a_sale_queues_one_mail_to_the_buyer(shop: Shop, buyer: Person):
    assert (await shop.checkout(buyer)).status_code == 201
    query = "SELECT kind, recipient, subject, status, attempts, next_attempt_at <= now() FROM email_outbox"
    told = ("order_confirmation", buyer.email, "Your Bookstore order is confirmed", "pending", 0, True)
    assert await shop.rows(query) == [told]
    assert await shop.rows("SELECT order_id, unsubscribe_url FROM email_outbox") == [
        (await shop.scalar("SELECT id FROM orders"), None)
    ]


async def test_covers_are_web_addresses_or_paths_of_the_shop(shop: Shop):
    person = await shop.person()
    for cover in ("https://covers.example/1.png", "/uploads/2.png", None):
        await shop.add_to_cart(person, await shop.book(cover_image_url=cover))
    await shop.checkout(person)
    html = await shop.scalar("SELECT html FROM email_outbox")
    sources = ["cid:bookstore-logo", "https://covers.example/1.png", "http://localhost:8000/uploads/2.png"]
    assert re.findall(r'<img [^>]*src="([^"]+)"', html) == sources


async def test_the_mail_tells_the_order(shop: Shop, buyer: Person):
    order = (await shop.checkout(buyer)).json()
    [(text, html)] = await shop.rows("SELECT text, html FROM email_outbox")
    assert "Hello Ann & Bob," in text
    assert f"your order {order['number']}." in text
    assert f"/account/orders/{order['id']}" in html
    assert "Emma <1815> by Jane Austen 3 × 1234.50 3703.50" in text
    assert "Dune by Frank Herbert 1 × 0.10 0.10" in text
    assert "Total 3703.60 USD" in text


async def test_the_html_part_is_escaped(shop: Shop, buyer: Person):
    await shop.checkout(buyer)
    html = await shop.scalar("SELECT html FROM email_outbox")
    assert "Hello Ann &amp; Bob," in html
    assert "Emma &lt;1815&gt;" in html
    assert "Emma <1815>" not in html


async def test_without_a_display_name_the_greeting_has_none(shop: Shop, buyer: Person):
    await shop.rows("UPDATE users SET display_name = NULL")
    await shop.checkout(buyer)
    text = await shop.scalar("SELECT text FROM email_outbox")
    assert "Hello, thank you" in text
    assert "Reader" not in text


async def test_each_mail_has_a_message_id_of_its_own(shop: Shop, buyer: Person):
    for _ in range(2):
        await shop.checkout(buyer)
        await shop.add_to_cart(buyer, await shop.book())
    rows = await shop.rows("SELECT DISTINCT message_id FROM email_outbox")
    assert len(rows) == 2
    assert all(row.message_id.startswith("<") and row.message_id.endswith("@bookstore.example>") for row in rows)


async def test_no_refusal_sends_mail(shop: Shop, buyer: Person):
    for key in (None, "a"):
        assert (await shop.checkout(buyer, key, force_payment_failure=True)).status_code == 402
        assert (await shop.checkout(buyer, key and "b", expected_total=1)).status_code == 409
    await shop.rows("UPDATE books SET stock_quantity = 0")
    assert (await shop.checkout(buyer)).status_code == 409
    await shop.rows("DELETE FROM cart_items")
    assert (await shop.checkout(buyer, "c")).status_code == 422
    assert await shop.scalar(MAILS) == 0


async def test_a_replay_sends_no_second_mail(shop: Shop, buyer: Person):
    for _ in range(2):
        assert (await shop.checkout(buyer, "a")).status_code == 201
    assert await shop.scalar(MAILS) == 1
