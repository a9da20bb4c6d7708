"""Stock on pages."""

from typing import Any

from tests.web.browser import Browser


async def movements(browser: Browser, book: int) -> list[Any]:
    query = "SELECT delta, kind, reason, actor_user_id FROM stock_movements WHERE book_id = :id ORDER BY id"
    return [tuple(row) for row in await browser.shop.rows(query, id=book)]


async def test_the_least_stock_comes_first(browser: Browser):
    await browser.shop.rows("DELETE FROM books")
    for copies in (3, 0, 10, 11):
        await browser.shop.book(title=f"Has {copies}", stock_quantity=copies)
    await browser.staff()
    await browser.open("/staff/stock")
    places = [browser.text.index(f"Has {copies} An Author") for copies in (0, 3, 10)]
    assert places == sorted(places)
    assert "Has 11" not in browser.text
    assert "3 books with 10 or fewer" in browser.text
    await browser.open("/staff/stock?at_most=2")
    assert "Has 3" not in browser.text
    await browser.open("/staff/stock?q=Has+11")
    assert "Has 11" in browser.text
    await browser.open("/staff/stock?at_most=lots&page=-1")
    assert "3 books with 10 or fewer" in browser.text
    await browser.open("/staff/stock?page=9")
    assert "past the end" in browser.text


async def test_a_delivery_is_booked_in_from_the_list(browser: Browser):
    await browser.shop.rows("DELETE FROM books")
    book = await browser.shop.book(title="Mort", stock_quantity=0)
    waiting = await browser.shop.person()
    answer = await browser.shop.client.post("/prebooks", json={"book_id": book}, headers=waiting.headers)
    assert answer.status_code == 201, answer.text
    staff = await browser.staff()
    await browser.open("/staff/stock?at_most=20")
    await browser.send(f"/staff/stock/{book}/adjust", delta="12")
    assert browser.page.url.path == "/staff/stock"
    assert "“Mort”: 12 on hand now." in browser.text
    assert await movements(browser, book) == [(12, "restock", "Delivery", staff.id)]
    assert await browser.shop.scalar("SELECT count(*) FROM audit_events WHERE action = 'book.stock_adjusted'") == 1
    assert await browser.shop.scalar("SELECT status FROM pre_bookings") == "notified"


async def test_stock_is_set_and_adjusted_with_a_reason(browser: Browser):
    book = await browser.shop.book(stock_quantity=10)
    staff = await browser.staff()
    await browser.open(f"/staff/stock/{book}")
    await browser.send(f"/staff/stock/{book}/adjust", delta="-1", kind="adjustment", reason="Damaged")
    assert "9 on hand" in browser.text
    await browser.send(f"/staff/stock/{book}/set", quantity="20", reason="Counted")
    assert "20 on hand" in browser.text
    assert await movements(browser, book) == [
        (10, "opening", None, None),
        (-1, "adjustment", "Damaged", staff.id),
        (11, "set", "Counted", staff.id),
    ]
    assert "Damaged" in browser.text
    assert "Counted" in browser.text


async def test_what_is_wrong_stands_beside_its_field(browser: Browser):
    book = await browser.shop.book(stock_quantity=10)
    await browser.staff()
    for action, fields, expected in (
        ("adjust", {"delta": "-11", "reason": "Theft", "kind": "adjustment"}, "must stay between"),
        ("adjust", {"delta": "0", "reason": "Nothing", "kind": "adjustment"}, "Must not be 0"),
        ("adjust", {"delta": "3", "reason": "", "kind": "adjustment"}, "Please fill this in"),
        ("adjust", {"delta": "x", "reason": "why", "kind": "adjustment"}, "whole number"),
        ("set", {"quantity": "-1"}, "0 or more"),
        ("set", {"quantity": ""}, "Please fill this in"),
    ):
        await browser.open(f"/staff/stock/{book}")
        answer = await browser.send(f"/staff/stock/{book}/{action}", **dict[str, Any](fields))
        assert answer.status_code == 422
        assert expected in browser.text, browser.text
    assert await browser.shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book) == 10


async def test_movements_are_paged(browser: Browser):
    book = await browser.shop.book(stock_quantity=1)
    await browser.shop.rows(
        "INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, reason)"
        " SELECT :id, 'A Book', 1, n + 1, 'adjustment', 'Number ' || n FROM generate_series(1, 30) n",
        id=book,
    )
    await browser.staff()
    await browser.open(f"/staff/stock/{book}")
    assert "Number 30" in browser.text
    assert "Page 1 of 2" in browser.text
    await browser.open(f"/staff/stock/{book}?page=2")
    assert "Number 1 " in browser.text
    assert "Number 30" not in browser.text
    assert (await browser.client.get("/staff/stock/999999")).status_code == 404


async def test_the_buyer_of_a_copy_is_not_taken_for_staff(browser: Browser):
    book = await browser.shop.book(stock_quantity=3)
    buyer = await browser.shop.person()
    await browser.shop.add_to_cart(buyer, book)
    assert (await browser.shop.checkout(buyer)).status_code == 201
    await browser.staff()
    page = await browser.open(f"/staff/stock/{book}")
    assert "/staff/orders/" in page.text
    assert f"Staff {buyer.id}" not in page.text
