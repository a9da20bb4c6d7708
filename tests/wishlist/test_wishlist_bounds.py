"""A wishlist holds as many books as the setting says; one that was longer before has pages."""

import re

import pytest
from httpx2 import Response

from tests.support import Person, Shop, assert_problem

OLD = """
    INSERT INTO wishlist_items (user_id, book_id, added_at)
    SELECT :user, id, now() - interval '1 day' * (id % 3) FROM books
"""


@pytest.fixture
async def person(shop: Shop) -> Person:
    return await shop.person()


async def wish(shop: Shop, person: Person, book: int) -> Response:
    return await shop.client.post("/wishlist", headers=person.headers, json={"book_id": book})


async def pages(shop: Shop, person: Person, path: str) -> tuple[list[list[int]], set[str]]:
    """The ids of the books on each page from that one on, and the totals that they tell."""
    found, totals = [], set()
    while path:
        answer = await shop.client.get(path, headers=person.headers)
        assert answer.status_code == 200, answer.text
        found.append([item["book_id"] for item in answer.json()["items"]])
        totals.add(answer.headers["x-total-count"])
        link = re.fullmatch('<(.+)>; rel="next"', answer.headers.get("link", ""))
        path = link[1] if link else ""
    return found, totals


async def test_a_full_list_takes_no_other_book(shop: Shop, person: Person):
    """Seen to fail without the count in `_ADD`."""
    shop.bound(max_wishlist_items=2)
    books = [await shop.book() for _ in range(3)]
    for book in books[:2]:
        assert (await wish(shop, person, book)).status_code == 201
    assert assert_problem(await wish(shop, person, books[2]), 409, "WISHLIST_FULL")["limit"] == 2
    assert_problem(await wish(shop, person, books[0]), 409, "WISHLIST_ITEM_DUPLICATE", "book_id")
    assert_problem(await wish(shop, person, 2_147_483_646), 404, "BOOK_NOT_FOUND", "book_id")
    await shop.client.delete(f"/wishlist/{books[0]}", headers=person.headers)
    assert (await wish(shop, person, books[2])).status_code == 201
    assert (await wish(shop, await shop.person(), books[0])).status_code == 201


async def test_a_list_within_the_bound_is_one_answer(shop: Shop, person: Person):
    shop.bound(max_wishlist_items=3)
    books = [await shop.book() for _ in range(3)]
    for book in books:
        await wish(shop, person, book)
    found, totals = await pages(shop, person, "/wishlist")
    assert (found, totals) == ([books[::-1]], {"3"})


@pytest.mark.parametrize("path", ["/wishlist", "/wishlist?limit=2", "/wishlist?limit=100"])
async def test_a_list_from_before_the_bound_has_pages(shop: Shop, person: Person, path: str):
    """Seen to fail when a page had all of them."""
    books = [await shop.book() for _ in range(7)]
    await shop.rows(OLD, user=person.id)
    in_order = sorted(books, key=lambda book: (-(book % 3), book), reverse=True)
    shop.bound(max_wishlist_items=4)
    found, totals = await pages(shop, person, path)
    size = {"/wishlist": 4, "/wishlist?limit=2": 2, "/wishlist?limit=100": 100}[path]
    assert found == [in_order[first : first + size] for first in range(0, 7, size)]
    assert totals == {"7"}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor="])
async def test_a_page_that_makes_no_sense_is_refused(shop: Shop, person: Person, query: str):
    answer = await shop.client.get(f"/wishlist?{query}", headers=person.headers)
    assert_problem(answer, 422, "VALIDATION_ERROR", query.partition("=")[0])


async def test_a_cursor_of_another_reader_is_refused(shop: Shop, person: Person):
    for _ in range(2):
        await wish(shop, person, await shop.book())
    link = (await shop.client.get("/wishlist?limit=1", headers=person.headers)).headers["link"]
    path = link[1 : link.index(">")]
    answer = await shop.client.get(path, headers=(await shop.person()).headers)
    assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")
