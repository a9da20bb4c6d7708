"""The mail that tells a buyer of a cancellation: a row of the same transaction, once."""

from decimal import Decimal
from typing import Any

import pytest

from tests.cancellations.test_cancelling import bought, by_buyer, by_staff
from tests.support import Shop


async def cancellation_mails(shop: Shop) -> list[Any]:
    return await shop.rows("SELECT * FROM email_outbox WHERE kind = 'order_cancelled' ORDER BY id")


async def test_a_cancellation_by_staff_tells_the_buyer_what_why_and_how_much(shop: Shop):
    buyer, admin = await shop.person(display_name="Ann & Bob"), await shop.admin()
    emma = await shop.book(title="Emma <1815>", author="Jane Austen", price=Decimal("1234.50"))
    order = await bought(shop, buyer, emma, 3)
    await by_staff(shop, admin, order, "Torn & <wet>")
    [mail] = await cancellation_mails(shop)
    assert (mail.recipient, mail.subject, mail.order_id, mail.status, mail.unsubscribe_url) == (
        buyer.email,
        "Your Bookstore order was cancelled",
        order,
        "pending",
        None,
    )
    number = await shop.scalar("SELECT number FROM orders")
    assert f"Hello Ann & Bob, your order {number} was cancelled" in mail.text
    assert "The reason: Torn & <wet> " in mail.text
    assert "the way you paid it: 3703.50 USD." in mail.text
    assert "Emma <1815> by Jane Austen 3 × 1234.50 3703.50 Total 3703.50 USD" in mail.text
    assert "Torn &amp; &lt;wet&gt;" in mail.html


async def test_a_cancellation_by_the_buyer_has_no_reason(shop: Shop):
    buyer = await shop.person()
    await by_buyer(shop, buyer, await bought(shop, buyer, await shop.book()))
    [mail] = await cancellation_mails(shop)
    assert mail.recipient == buyer.email
    assert "Hello, your order" in mail.text
    assert "reason" not in mail.text


async def test_asked_again_there_is_no_second_mail(shop: Shop):
    """Seen to fail when the mail is queued whatever the order was before."""
    buyer, admin = await shop.person(), await shop.admin()
    order = await bought(shop, buyer, await shop.book())
    for _ in range(2):
        await by_staff(shop, admin, order)
        await by_buyer(shop, buyer, order)
    assert len(await cancellation_mails(shop)) == 1


async def test_no_refusal_sends_mail(shop: Shop):
    buyer, other, admin, book = await shop.person(), await shop.person(), await shop.admin(), await shop.book()
    order = await bought(shop, buyer, book)
    await shop.rows("UPDATE orders SET created_at = created_at - interval '31 minutes'")
    assert (await by_buyer(shop, buyer, order)).status_code == 409
    assert (await by_buyer(shop, other, order)).status_code == 404
    await shop.client.patch(f"/books/{book}/stock", headers=admin.headers, json={"quantity": 2**31 - 1})
    assert (await by_staff(shop, admin, order)).status_code == 409
    assert await cancellation_mails(shop) == []


async def test_where_nothing_was_charged_nothing_is_promised(shop: Shop):
    buyer, admin = await shop.person(), await shop.admin()
    order = await bought(shop, buyer, await shop.book())
    await shop.rows("DELETE FROM payment_attempts")
    await by_staff(shop, admin, order)
    [mail] = await cancellation_mails(shop)
    assert "Nothing was charged for it" in mail.text
    assert "give back what" not in mail.text


@pytest.mark.parametrize("snapshot", [True, False])
async def test_books_that_are_gone_are_named_as_well_as_can_be(shop: Shop, snapshot: bool):
    buyer, admin = await shop.person(), await shop.admin()
    book = await shop.book(title="Emma", author="Jane Austen")
    order = await bought(shop, buyer, book, 1)
    if not snapshot:
        await shop.rows("UPDATE order_items SET title = NULL, author = NULL")
    await shop.client.delete(f"/books/{book}", headers=admin.headers)
    await by_staff(shop, admin, order)
    [mail] = await cancellation_mails(shop)
    named = "Emma by Jane Austen" if snapshot else "A book that is no longer sold"
    assert f"{named} 1 × 10.00 10.00" in mail.text


async def test_a_line_without_a_snapshot_is_named_as_its_book_is_now(shop: Shop):
    buyer, admin = await shop.person(), await shop.admin()
    order = await bought(shop, buyer, await shop.book(title="Emma", author="Jane Austen"), 1)
    await shop.rows("UPDATE order_items SET title = NULL, author = NULL")
    await by_staff(shop, admin, order)
    [mail] = await cancellation_mails(shop)
    assert "Emma by Jane Austen 1 × 10.00 10.00" in mail.text


async def test_a_deactivated_buyer_is_told_as_well(shop: Shop):
    buyer, admin = await shop.person(), await shop.admin()
    order = await bought(shop, buyer, await shop.book())
    await shop.rows("UPDATE users SET is_active = false WHERE id = :id", id=buyer.id)
    await by_staff(shop, admin, order)
    assert len(await cancellation_mails(shop)) == 1
