"""A reader waits for as many books as the setting says; what is over is kept within bounds, and old lists have pages."""

import re

import pytest

from tests.prebookings.support import book_ahead, booked, cancel, restock, wait_for
from tests.support import Person, Shop, assert_problem

OLD = """
    INSERT INTO pre_bookings (user_id, book_id, status, created_at, cancelled_at)
    SELECT :user, :book, 'cancelled', now() - interval '1 day' * n, now() FROM generate_series(1, :count) n
"""
COUNTS = "SELECT status::text, count(*) FROM pre_bookings WHERE user_id = :user GROUP BY status ORDER BY 1"


@pytest.fixture
async def person(shop: Shop) -> Person:
    return await shop.person()


async def counts(shop: Shop, person: Person) -> dict[str, int]:
    return dict(await shop.rows(COUNTS, user=person.id))


async def test_who_waits_for_many_books_waits_for_no_other(shop: Shop, person: Person):
    """Seen to fail without the count in `_ADD`."""
    shop.bound(max_waiting_prebookings=2)
    books = [await shop.book(stock_quantity=0) for _ in range(4)]
    first, _ = [await wait_for(shop, person, book) for book in books[:2]]
    assert assert_problem(await book_ahead(shop, person, books[2]), 409, "PREBOOK_LIMIT")["limit"] == 2
    assert_problem(await book_ahead(shop, person, books[0]), 409, "PREBOOK_DUPLICATE", "book_id")
    in_stock = await shop.book()
    assert_problem(await book_ahead(shop, person, in_stock), 409, "PREBOOK_BOOK_IN_STOCK", "book_id")
    await cancel(shop, person, first)
    await wait_for(shop, person, books[2])
    await restock(shop, await shop.admin(), books[1])
    await wait_for(shop, person, books[3])
    await wait_for(shop, await shop.person(), books[0])


async def test_of_what_is_over_the_latest_is_kept(shop: Shop, person: Person):
    """Seen to fail without `forgotten` in `_ADD`: six rows were there."""
    shop.bound(max_past_prebookings=2)
    book = await shop.book(stock_quantity=0)
    bookings = []
    for _ in range(5):
        bookings.append(await wait_for(shop, person, book))
        await cancel(shop, person, bookings[-1])
    assert [booking["id"] for booking in await booked(shop, person)] == bookings[:1:-1]
    await wait_for(shop, person, book)
    assert await counts(shop, person) == {"waiting": 1, "cancelled": 2}


async def test_those_who_wait_are_never_forgotten(shop: Shop, person: Person):
    shop.bound(max_past_prebookings=1)
    waiting = [await wait_for(shop, person, await shop.book(stock_quantity=0)) for _ in range(5)]
    assert [booking["id"] for booking in await booked(shop, person)] == waiting[::-1]


async def test_what_was_collected_before_goes_a_hundred_rows_at_a_time(shop: Shop, person: Person):
    book = await shop.book(stock_quantity=0)
    await shop.rows(OLD, user=person.id, book=book, count=250)
    shop.bound(max_past_prebookings=10)
    for left in (150, 51, 10):
        booking = await wait_for(shop, person, book)
        assert (await counts(shop, person))["cancelled"] == left
        await cancel(shop, person, booking)


async def test_lists_within_the_bounds_are_one_answer_and_longer_ones_have_pages(shop: Shop, person: Person):
    """Seen to fail when the first page had all of them."""
    book = await shop.book(stock_quantity=0)
    await shop.rows(OLD, user=person.id, book=book, count=11)
    every = [row[0] for row in await shop.rows("SELECT id FROM pre_bookings ORDER BY created_at DESC, id DESC")]
    for waiting, past, path, sizes in (
        (4, 7, "/prebooks", [11]),
        (1, 4, "/prebooks", [5, 5, 1]),
        (4, 7, "/prebooks?limit=6", [6, 5]),
    ):
        shop.bound(max_waiting_prebookings=waiting, max_past_prebookings=past)
        pages, at = [], path
        while at:
            answer = await shop.client.get(at, headers=person.headers)
            assert set(answer.json()) == {"items"}
            assert answer.headers["x-total-count"] == "11"
            pages.append([item["id"] for item in answer.json()["items"]])
            link = re.fullmatch('<(.+)>; rel="next"', answer.headers.get("link", ""))
            at = link[1] if link else ""
        assert [len(page) for page in pages] == sizes
        assert [one for page in pages for one in page] == every


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x"])
async def test_a_page_that_makes_no_sense_is_refused(shop: Shop, person: Person, query: str):
    answer = await shop.client.get(f"/prebooks?{query}", headers=person.headers)
    assert_problem(answer, 422, "VALIDATION_ERROR", query.partition("=")[0])
