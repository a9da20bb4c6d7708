"""From nothing to something: who waited is told, once (contract, sections 4.5 and 5)."""

import pytest

from tests.catalog.support import adjust, change, set_stock
from tests.support import Person, Shop


async def wait_for(shop: Shop, person: Person, book: int, status: str = "waiting") -> int:
    """The id of a pre-booking in that state."""
    statement = "INSERT INTO pre_bookings (user_id, book_id, status) VALUES (:user, :book, :status) RETURNING id"
    return await shop.scalar(statement, user=person.id, book=book, status=status)


async def mails(shop: Shop) -> list[str]:
    return [row[0] for row in await shop.rows("SELECT recipient FROM email_outbox ORDER BY id")]


async def states(shop: Shop) -> dict[int, str]:
    return {row[0]: row[1] for row in await shop.rows("SELECT id, status FROM pre_bookings")}


@pytest.fixture(params=["set", "adjustment", "restock"])
def restock(request: pytest.FixtureRequest):
    """Every way for staff to bring copies in."""

    async def bring(shop: Shop, admin: Person, book: int, copies: int):
        if request.param == "set":
            present = await shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book)
            answer = await set_stock(shop, admin, book, present + copies)
        else:
            answer = await adjust(shop, admin, book, copies, kind=request.param)
        assert answer.is_success, answer.text

    return bring


async def test_all_who_wait_are_notified_and_mailed(shop: Shop, restock):
    admin, book = await shop.admin(), await shop.book(stock_quantity=0, title="Emma")
    people = [await shop.person() for _ in range(3)]
    waiting = [await wait_for(shop, person, book) for person in people]
    await restock(shop, admin, book, 1)
    assert await states(shop) == dict.fromkeys(waiting, "notified")
    assert await shop.scalar("SELECT count(*) FROM pre_bookings WHERE notified_at >= created_at") == 3
    assert await mails(shop) == [person.email for person in people]


async def test_the_mail_names_the_book_and_links_to_its_page(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=0, title="Emma & <the>\u0085 rest")
    await wait_for(shop, await shop.person(), book)
    await set_stock(shop, admin, book, 5)
    mail = (await shop.rows("SELECT kind, subject, html, text, status FROM email_outbox"))[0]
    assert (mail.kind, mail.status) == ("restock", "pending")
    assert mail.subject == "'Emma & <the>  rest' is back in stock"
    link = f"http://localhost:8000/shop/books/{book}"
    assert f'href="{link}"' in mail.html
    assert "Emma &amp; &lt;the&gt;" in mail.html
    assert "Emma & <the>" in mail.text
    assert link in mail.text
    assert "Bookstore" in mail.html


async def test_the_subject_of_the_longest_title_fits(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=0, title="x" * 500)
    await wait_for(shop, await shop.person(), book)
    await set_stock(shop, admin, book, 5)
    assert await shop.scalar("SELECT subject FROM email_outbox") == f"'{'x' * 500}' is back in stock"


async def test_inactive_users_are_notified_but_not_mailed(shop: Shop, restock):
    admin, book = await shop.admin(), await shop.book(stock_quantity=0)
    gone, person = await shop.person(is_active=False), await shop.person()
    waiting = [await wait_for(shop, each, book) for each in (gone, person)]
    await restock(shop, admin, book, 2)
    assert await states(shop) == dict.fromkeys(waiting, "notified")
    assert await mails(shop) == [person.email]


async def test_only_from_exactly_nothing_to_something(shop: Shop, restock):
    admin, book = await shop.admin(), await shop.book(stock_quantity=1)
    waiting = await wait_for(shop, await shop.person(), book)
    await restock(shop, admin, book, 5)
    await restock(shop, admin, book, -6)
    await set_stock(shop, admin, book, 0)
    assert await states(shop) == {waiting: "waiting"}
    assert await mails(shop) == []


async def test_cancelled_and_notified_ones_and_other_books_are_left_alone(shop: Shop, restock):
    admin, book, other = await shop.admin(), await shop.book(stock_quantity=0), await shop.book(stock_quantity=0)
    person = await shop.person()
    cancelled = await wait_for(shop, person, book, "cancelled")
    notified = await wait_for(shop, person, book, "notified")
    elsewhere = await wait_for(shop, person, other)
    await restock(shop, admin, book, 1)
    assert await states(shop) == {cancelled: "cancelled", notified: "notified", elsewhere: "waiting"}
    assert await shop.scalar("SELECT count(*) FROM pre_bookings WHERE notified_at IS NOT NULL") == 0
    assert await mails(shop) == []


async def test_the_next_restock_tells_only_those_who_wait_then(shop: Shop, restock):
    admin, book = await shop.admin(), await shop.book(stock_quantity=0)
    first, second = await shop.person(), await shop.person()
    await wait_for(shop, first, book)
    await restock(shop, admin, book, 1)
    await set_stock(shop, admin, book, 0)
    await wait_for(shop, second, book)
    await restock(shop, admin, book, 1)
    assert await mails(shop) == [first.email, second.email]


async def test_a_restock_that_nobody_waits_for_sends_nothing(shop: Shop, restock):
    await restock(shop, await shop.admin(), await shop.book(stock_quantity=0), 3)
    assert await mails(shop) == []


async def test_changing_a_book_tells_nobody(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=0)
    waiting = await wait_for(shop, await shop.person(), book)
    await change(shop, admin, book, title="New", stock_quantity=5)
    assert await states(shop) == {waiting: "waiting"}


async def test_what_staff_do_to_a_stock_is_on_record(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=3)
    await set_stock(shop, admin, book, 5, reason="Counted")
    await set_stock(shop, admin, book, 5)
    await adjust(shop, admin, book, -2, reason="Torn")
    await adjust(shop, admin, book, -9)
    rows = await shop.rows(
        "SELECT actor_user_id, action, subject, subject_id, before, after FROM audit_events ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        (
            admin.id,
            action,
            "book",
            book,
            {"stock_quantity": before},
            {"stock_quantity": after, "kind": kind, "reason": reason},
        )
        for action, before, after, kind, reason in (
            ("book.stock_set", 3, 5, "set", "Counted"),
            ("book.stock_adjusted", 5, 3, "adjustment", "Torn"),
        )
    ]
