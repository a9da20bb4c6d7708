"""Wishlist, pre-bookings and notices of the reader on pages."""

from decimal import Decimal
from typing import Any

from tests.support import Person
from tests.web.browser import Browser, forms


async def wish(browser: Browser, person: Person, **columns: Any) -> int:
    book = await browser.shop.book(**{"title": "Mort", "price": Decimal("9.50")} | columns)
    answer = await browser.shop.client.post("/wishlist", headers=person.headers, json={"book_id": book})
    assert answer.status_code == 201
    return book


async def test_a_wish_moves_to_the_basket(browser: Browser):
    person = await browser.reader()
    await browser.open("/account/wishlist")
    assert "Your wishlist is empty" in browser.text
    book = await wish(browser, person)
    await browser.open("/account/wishlist")
    assert "$9.50" in browser.text
    await browser.send("/account/wishlist/move")
    assert "Moved to your basket." in browser.text
    assert "Your wishlist is empty" in browser.text
    assert "data-basket-count >1<" in browser.page.text
    assert await browser.shop.scalar("SELECT book_id FROM cart_items") == book


async def test_a_wish_sold_out_meanwhile_stays(browser: Browser):
    person = await browser.reader()
    await wish(browser, person)
    await browser.open("/account/wishlist")
    await browser.shop.rows("UPDATE books SET stock_quantity = 0")
    await browser.send("/account/wishlist/move")
    assert "out of stock" in browser.text
    assert "Tell me when it is back" in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM wishlist_items") == 1
    assert await browser.shop.scalar("SELECT count(*) FROM cart_items") == 0


async def test_only_what_is_on_the_list_moves(browser: Browser):
    person = await browser.reader()
    await wish(browser, person)
    other = await browser.shop.book()
    await browser.open("/account/wishlist")
    page = browser.page
    await browser.send("/account/wishlist/move", book_id=str(other))
    assert "This book is not on your wishlist." in browser.text
    browser.page = page
    await browser.send("/account/wishlist/move", book_id="x")
    assert await browser.shop.scalar("SELECT count(*) FROM cart_items") == 0


async def test_a_wish_is_taken_off(browser: Browser):
    person = await browser.reader()
    book = await wish(browser, person)
    await browser.open("/account/wishlist")
    page = browser.page
    for _ in range(2):
        browser.page = page
        await browser.send("/account/wishlist/remove", book_id=str(book))
        assert "Your wishlist is empty" in browser.text


async def prebook(browser: Browser, person: Person, **columns: Any) -> int:
    book = await browser.shop.book(**{"title": "Mort", "stock_quantity": 0} | columns)
    answer = await browser.shop.client.post("/prebooks", headers=person.headers, json={"book_id": book})
    assert answer.status_code == 201
    return answer.json()["id"]


async def test_a_pre_booking_is_cancelled_once(browser: Browser):
    person = await browser.reader()
    await browser.open("/account/prebooks")
    assert "You wait for no book" in browser.text
    await prebook(browser, person)
    await browser.open("/account/prebooks")
    assert "Waiting" in browser.text
    page = browser.page
    for _ in range(2):
        browser.page = page
        await browser.send("/account/prebooks/cancel")
        assert "You do not wait for that book any more." in browser.text
        assert "Cancelled" in browser.text
        assert not [form for form in forms(browser.page.text) if form.action == "/account/prebooks/cancel"]


async def test_a_pre_booking_of_another_stays(browser: Browser):
    others = await prebook(browser, await browser.shop.person())
    await prebook(browser, await browser.reader(), title="Emma")
    await browser.open("/account/prebooks")
    assert "Mort" not in browser.text
    await browser.send("/account/prebooks/cancel", prebook_id=str(others))
    assert browser.page.status_code == 404
    assert await browser.shop.scalar("SELECT status FROM pre_bookings WHERE id = :id", id=others) == "waiting"


async def test_a_book_that_came_back(browser: Browser):
    person = await browser.reader()
    booking = await prebook(browser, person)
    admin = await browser.shop.admin()
    book = await browser.shop.scalar("SELECT book_id FROM pre_bookings WHERE id = :id", id=booking)
    path = f"/books/{book}/stock"
    assert (await browser.shop.client.patch(path, headers=admin.headers, json={"quantity": 3})).status_code == 200
    await browser.open("/account/prebooks")
    assert "Back in stock" in browser.text
    assert ", 1 new" in browser.text
    await browser.open("/account/notices")
    assert "is back in stock" in browser.text
    assert "1 not read yet" in browser.text
    await browser.send("/account/notices/read", follow=False)
    assert browser.page.headers["location"] == f"/shop/books/{book}"
    await browser.open("/account/notices")
    assert "not read yet" not in browser.text
    assert f'href="/shop/books/{book}"' in browser.page.text


async def notices(browser: Browser, person: Person, count: int) -> None:
    await browser.shop.rows(
        "INSERT INTO notices (user_id, kind, title, body, path)"
        " SELECT :id, 'restock', 'Notice ' || n || '.', 'Body', '/account' FROM generate_series(1, :count) AS n",
        id=person.id,
        count=count,
    )


async def test_notices_are_pages_and_can_all_be_read(browser: Browser):
    person = await browser.reader()
    await browser.open("/account/notices")
    assert "No notices" in browser.text
    await notices(browser, person, 23)
    await browser.open("/account/notices")
    assert "Notice 23." in browser.text
    assert "Notice 3." not in browser.text
    assert ", 23 new" in browser.text
    await browser.open(browser.page.text.split('rel="next" href="')[1].split('"')[0])
    assert "Notice 3." in browser.text
    assert 'rel="next"' not in browser.page.text
    await browser.send("/account/notices/read-all")
    assert "All notices are marked as read." in browser.text
    assert ">New<" not in browser.page.text
    assert " new" not in browser.text


async def test_notices_of_others_stay_unread_and_unseen(browser: Browser):
    other = await browser.shop.person()
    await notices(browser, other, 1)
    await notices(browser, await browser.reader(), 1)
    await browser.open("/account/notices")
    assert browser.page.text.count("<h2") == 1
    id_ = await browser.shop.scalar("SELECT id FROM notices WHERE user_id = :id", id=other.id)
    await browser.send("/account/notices/read", notice_id=str(id_), next="https://evil.example", follow=False)
    assert browser.page.headers["location"] == "/account/notices"
    await browser.open("/account/notices")
    await browser.send("/account/notices/read-all")
    assert await browser.shop.scalar("SELECT read_at IS NULL FROM notices WHERE id = :id", id=id_)
