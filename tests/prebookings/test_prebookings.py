"""Pre-bookings (contract, section 4.9)."""

import re

import pytest

from tests.catalog.support import UNKNOWN, set_stock
from tests.prebookings.support import book_ahead, booked, cancel, restock, wait_for
from tests.statements import statements
from tests.support import Shop, assert_problem

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


async def test_a_sold_out_book_can_be_waited_for(shop: Shop):
    person, book = await shop.person(), await shop.book(title="Emma", author="Austen", stock_quantity=0)
    answer = await book_ahead(shop, person, book)
    assert answer.status_code == 201
    booking = answer.json()
    assert MOMENT.fullmatch(booking.pop("created_at"))
    assert booking.pop("id") > 0
    assert booking == {
        "book_id": book,
        "book_title": "Emma",
        "book_author": "Austen",
        "status": "waiting",
        "notified_at": None,
        "cancelled_at": None,
    }
    assert await booked(shop, person) == [answer.json()]


async def test_refusals_in_their_order(shop: Shop):
    person, book = await shop.person(), await shop.book(stock_quantity=0)
    assert_problem(await book_ahead(shop, person, UNKNOWN), 404, "BOOK_NOT_FOUND", "book_id")
    await wait_for(shop, person, book)
    assert_problem(await book_ahead(shop, person, book), 409, "PREBOOK_DUPLICATE", "book_id")
    await shop.rows("UPDATE books SET stock_quantity = 1 WHERE id = :id", id=book)
    assert_problem(await book_ahead(shop, person, book), 409, "PREBOOK_BOOK_IN_STOCK", "book_id")


async def test_others_may_wait_for_the_same_book_and_one_for_others(shop: Shop):
    ann, bob = await shop.person(), await shop.person()
    emma, dune = await shop.book(stock_quantity=0), await shop.book(stock_quantity=0)
    for person, book in ((ann, emma), (bob, emma), (ann, dune)):
        await wait_for(shop, person, book)
    assert [item["book_id"] for item in await booked(shop, ann)] == [dune, emma]
    assert [item["book_id"] for item in await booked(shop, bob)] == [emma]


async def test_a_cancelled_one_stays_listed_and_is_cancelled_once(shop: Shop):
    person, book = await shop.person(), await shop.book(stock_quantity=0)
    booking = await wait_for(shop, person, book)
    answer = await cancel(shop, person, booking)
    assert (answer.status_code, answer.content) == (204, b"")
    item = (await booked(shop, person))[0]
    assert (item["status"], item["notified_at"]) == ("cancelled", None)
    assert MOMENT.fullmatch(item["cancelled_at"])
    assert_problem(await cancel(shop, person, booking), 409, "PREBOOK_ALREADY_CANCELLED", "prebook_id")
    assert (await booked(shop, person))[0] == item


async def test_a_notified_one_may_be_cancelled_and_keeps_the_time_of_its_notice(shop: Shop):
    person, admin, book = await shop.person(), await shop.admin(), await shop.book(stock_quantity=0)
    booking = await wait_for(shop, person, book)
    await restock(shop, admin, book)
    notified = (await booked(shop, person))[0]
    assert (notified["status"], notified["cancelled_at"]) == ("notified", None)
    assert notified["notified_at"] >= notified["created_at"]
    assert (await cancel(shop, person, booking)).status_code == 204
    cancelled = (await booked(shop, person))[0]
    assert (cancelled["status"], cancelled["notified_at"]) == ("cancelled", notified["notified_at"])
    assert_problem(await cancel(shop, person, booking), 409, "PREBOOK_ALREADY_CANCELLED", "prebook_id")


async def test_only_ones_own_can_be_cancelled(shop: Shop):
    ann, admin, book = await shop.person(), await shop.admin(), await shop.book(stock_quantity=0)
    booking = await wait_for(shop, ann, book)
    assert_problem(await cancel(shop, admin, booking), 404, "PREBOOK_NOT_FOUND", "prebook_id")
    assert_problem(await cancel(shop, ann, UNKNOWN), 404, "PREBOOK_NOT_FOUND", "prebook_id")
    assert (await booked(shop, ann))[0]["status"] == "waiting"


async def test_after_cancellation_a_new_one_is_allowed_and_the_old_one_stays_listed(shop: Shop):
    person, book = await shop.person(), await shop.book(stock_quantity=0)
    old = await wait_for(shop, person, book)
    await cancel(shop, person, old)
    new = await wait_for(shop, person, book)
    assert [(item["id"], item["status"]) for item in await booked(shop, person)] == [
        (new, "waiting"),
        (old, "cancelled"),
    ]


async def test_after_a_notice_and_a_new_sell_out_a_new_one_is_allowed(shop: Shop):
    person, admin, book = await shop.person(), await shop.admin(), await shop.book(stock_quantity=0)
    old = await wait_for(shop, person, book)
    await restock(shop, admin, book)
    assert_problem(await book_ahead(shop, person, book), 409, "PREBOOK_BOOK_IN_STOCK", "book_id")
    await set_stock(shop, admin, book, 0)
    new = await wait_for(shop, person, book)
    assert [(item["id"], item["status"]) for item in await booked(shop, person)] == [
        (new, "waiting"),
        (old, "notified"),
    ]


async def test_the_newest_comes_first_then_the_greater_id(shop: Shop):
    person = await shop.person()
    first, second, third = [await wait_for(shop, person, await shop.book(stock_quantity=0)) for _ in range(3)]
    assert [item["id"] for item in await booked(shop, person)] == [third, second, first]
    await shop.rows("UPDATE pre_bookings SET created_at = now()")
    assert [item["id"] for item in await booked(shop, person)] == [third, second, first]
    await shop.rows("UPDATE pre_bookings SET created_at = now() + interval '1 hour' WHERE id = :id", id=first)
    assert [item["id"] for item in await booked(shop, person)] == [first, third, second]


async def test_a_deleted_book_takes_its_pre_bookings_along(shop: Shop):
    person, admin, book = await shop.person(), await shop.admin(), await shop.book(stock_quantity=0)
    await wait_for(shop, person, book)
    await shop.client.delete(f"/books/{book}", headers=admin.headers)
    assert await booked(shop, person) == []


async def test_what_is_no_id_is_refused(shop: Shop):
    person = await shop.person()
    for book in ("x", 2**31, None):
        assert_problem(await book_ahead(shop, person, book), 422, "VALIDATION_ERROR", "book_id")
    assert_problem(await cancel(shop, person, "x"), 422, "VALIDATION_ERROR", "prebook_id")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", "/1")])
async def test_only_active_users_wait(shop: Shop, method: str, path: str):
    gone = await shop.person(is_active=False)
    assert_problem(await shop.client.request(method, f"/prebooks{path}"), 401, "HTTP_401")
    refused = await shop.client.request(method, f"/prebooks{path}", headers=gone.headers)
    assert_problem(refused, 403, "AUTH_ACCOUNT_DEACTIVATED")


async def test_a_list_of_any_length_takes_the_same_statements(shop: Shop):
    person = await shop.person()
    counts = []
    for books in (1, 4):
        for _ in range(books):
            await wait_for(shop, person, await shop.book(stock_quantity=0))
        with statements() as seen:
            await booked(shop, person)
        counts.append(len(seen))
    assert counts == [2, 2]
