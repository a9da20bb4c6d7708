"""GET /admin/analytics/sales/top-books."""

from typing import Any

import pytest

from tests.admin.support import MONTH, TODAY, WEEK, asked, order_at
from tests.support import Person, Shop, assert_problem

PATH = "/admin/analytics/sales/top-books"


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()


async def top(shop: Shop, admin: Person, **query: Any) -> list[int]:
    return [item["book_id"] for item in (await asked(shop, admin, PATH, **query))["items"]]


async def test_the_report_is_for_staff(shop: Shop):
    reader = await shop.person()
    assert_problem(await shop.client.get(PATH), 401, "HTTP_401")
    assert_problem(await shop.client.get(PATH, headers=reader.headers), 403, "AUTH_FORBIDDEN")


async def test_the_books_that_earned_most_come_first(shop: Shop, admin: Person):
    many, dear = await shop.book(title="Many", author="A"), await shop.book(title="Dear", author="B")
    await order_at(shop, "now()", (many, 7, "1.10"), (dear, 1, "20.00"))
    await order_at(shop, "now() - interval '2 years'", (many, 3, "1.10"))
    first = {"book_id": dear, "title": "Dear", "author": "B", "total_revenue": 20.0, "units_sold": 1}
    second = {"book_id": many, "title": "Many", "author": "A", "total_revenue": 11.0, "units_sold": 10}
    assert await asked(shop, admin, PATH) == {"sort_by": "revenue", "items": [first, second]}
    assert await asked(shop, admin, PATH, sort_by="volume") == {"sort_by": "volume", "items": [second, first]}


@pytest.mark.parametrize("sort_by", ["revenue", "volume"])
async def test_ties_are_broken_by_id(shop: Shop, admin: Person, sort_by: str):
    books = [await shop.book() for _ in range(3)]
    for book in reversed(books):
        await order_at(shop, "now()", (book, 2, "5.00"))
    assert await top(shop, admin, sort_by=sort_by) == books


async def test_no_sales_no_books(shop: Shop, admin: Person):
    await shop.book()
    assert await asked(shop, admin, PATH) == {"sort_by": "revenue", "items": []}


async def test_only_confirmed_orders_count(shop: Shop, admin: Person):
    book = await shop.book()
    for status in ("cancelled", "payment_failed"):
        await order_at(shop, "now()", (book, 1, "5.00"), status=status)
    assert await top(shop, admin) == []


async def test_deleted_books_leave_no_gap_in_the_list(shop: Shop, admin: Person):
    """Seen to fail with the limit set before the books that are gone were left out."""
    books = [await shop.book() for _ in range(3)]
    for price, book in zip(("9.00", "8.00", "7.00"), books, strict=True):
        await order_at(shop, "now()", (book, 1, price))
    await shop.client.delete(f"/books/{books[0]}", headers=admin.headers)
    assert await top(shop, admin, limit=2) == books[1:]


async def test_the_limit_is_ten_unless_told_otherwise(shop: Shop, admin: Person):
    books = [await shop.book() for _ in range(12)]
    await order_at(shop, "now()", *[(book, 1, "5.00") for book in books])
    assert await top(shop, admin) == books[:10]
    assert await top(shop, admin, limit=1) == books[:1]
    assert await top(shop, admin, limit=50) == books


@pytest.mark.parametrize(("period", "first"), [("today", TODAY), ("week", WEEK), ("month", MONTH)])
async def test_a_period_counts_what_was_sold_in_it_until_now(shop: Shop, admin: Person, period: str, first: str):
    within, before, ahead = await shop.book(), await shop.book(), await shop.book()
    await order_at(shop, first, (within, 1, "5.00"))
    await order_at(shop, f"{first} - interval '1 microsecond'", (before, 1, "6.00"))
    await order_at(shop, "now() + interval '1 microsecond'", (ahead, 1, "7.00"))
    assert await top(shop, admin, period=period) == [within]
    assert await top(shop, admin) == [ahead, before, within]


@pytest.mark.parametrize(
    ("name", "value"),
    [("sort_by", "price"), ("limit", "0"), ("limit", "51"), ("limit", "x"), ("period", "year"), ("period", "")],
)
async def test_what_makes_no_sense_is_refused(shop: Shop, admin: Person, name: str, value: str):
    answer = await shop.client.get(PATH, headers=admin.headers, params={name: value})
    assert_problem(answer, 422, "VALIDATION_ERROR", name)
