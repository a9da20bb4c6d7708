"""Following the `Link` header through GET /books (contract, sections 2.6 and 4.4)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.catalog.support import ids, listed, next_page, walk
from tests.support import Shop, assert_problem

SORTS = ["title", "price", "date", "created_at", "avg_rating"]


async def assortment(shop: Shop, count: int = 23) -> None:
    """Books with ties, gaps and texts that cursors must carry, in every column to sort by."""
    for number in range(count):
        await shop.book(
            title=["A", "É", "日本", "a", "B\\'\"&"][number % 5],
            price=Decimal(1 + number % 4),
            publish_date=None if number % 3 == 0 else date(2000, 1, 1 + number % 5),
            created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=number % 6),
            rating_sum=number % 4 * (1 + number % 3),
            rating_count=number % 4,
        )


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_links_lead_through_all_books_once_in_the_order_of_the_list(shop: Shop, sort, direction):
    await assortment(shop)
    whole = await ids(shop, sort=sort, sort_dir=direction, size=100)
    assert len(whole) == 23
    for size in (1, 2, 5, 22, 23):
        assert await walk(shop, sort=sort, sort_dir=direction, size=size) == whole


@pytest.mark.parametrize("sort", ["date", "avg_rating"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_links_lead_through_books_that_all_lack_the_key(shop: Shop, sort, direction):
    books = [await shop.book() for _ in range(5)]
    assert await walk(shop, sort=sort, sort_dir=direction, size=2) == books


async def test_a_page_behind_a_cursor_has_no_number_but_its_total(shop: Shop):
    books = [await shop.book() for _ in range(5)]
    first = await shop.client.get("/books", params={"size": 2})
    second = await shop.client.get("/books", params=next_page(first))
    body = second.json()
    assert (body["page"], body["total"], body["size"]) == (None, 5, 2)
    assert [book["id"] for book in body["items"]] == books[2:4]


async def test_the_last_page_has_no_link(shop: Shop):
    for _ in range(4):
        await shop.book()
    for query in ({"size": 4}, {"size": 2, "page": 2}, {"page": 9}, {"size": 100}):
        assert next_page(await shop.client.get("/books", params=query)) == {}


async def test_numbered_pages_link_on_too(shop: Shop):
    books = [await shop.book() for _ in range(7)]
    assert await walk(shop, size=2, page=2) == books[2:]


async def test_filters_are_kept_by_the_link(shop: Shop):
    genre = await shop.genre("Novel")
    query: dict[str, Any] = {
        "genre_id": genre,
        "author": "o'b & 100%",
        "min_price": "1.50",
        "max_price": "1e1",
        "sort": "price",
    }
    books = [await shop.book(author="O'B & 100%", price=Decimal(price), genre_id=genre) for price in (2, 3, 4, 2)]
    await shop.book(author="O'B & 100%", price=Decimal(3))
    expected = [books[0], books[3], books[1], books[2]]
    assert await walk(shop, **query, size=1) == expected
    first = await shop.client.get("/books", params=query | {"size": 1})
    assert next_page(first).keys() == {*query, "sort_dir", "size", "cursor"}


async def test_the_size_may_change_on_the_way(shop: Shop):
    books = [await shop.book() for _ in range(7)]
    following = next_page(await shop.client.get("/books", params={"size": 2}))
    assert await walk(shop, **following | {"size": 100}) == books[2:]


async def test_the_longest_title_fits_into_a_cursor(shop: Shop):
    books = [await shop.book(title="😀" * 500) for _ in range(2)]
    assert await walk(shop, size=1) == books


async def test_a_search_has_no_links(shop: Shop):
    for _ in range(3):
        await shop.book(title="Dune")
    assert next_page(await shop.client.get("/books", params={"q": "dune", "size": 1})) == {}


async def test_a_cursor_goes_with_neither_words_nor_page(shop: Shop):
    for _ in range(3):
        await shop.book()
    following = next_page(await shop.client.get("/books", params={"size": 1}))
    for more in ({"q": "book"}, {"page": 1}, {"page": 2}, {"q": "..."}):
        answer = await shop.client.get("/books", params=following | more)
        assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")
    assert (await listed(shop, **following, q=" "))["page"] is None


@pytest.mark.parametrize(
    "difference",
    [{"sort": "price"}, {"sort_dir": "desc"}, {"genre_id": 1}, {"author": "x"}, {"min_price": 1}, {"max_price": 1}],
)
async def test_a_cursor_made_for_another_list_is_refused(shop: Shop, difference):
    for _ in range(3):
        await shop.book()
    following = next_page(await shop.client.get("/books", params={"size": 1}))
    answer = await shop.client.get("/books", params=following | difference)
    assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")


async def test_a_damaged_cursor_is_refused(shop: Shop):
    for _ in range(3):
        await shop.book()
    following = next_page(await shop.client.get("/books", params={"size": 1}))
    cursor = following["cursor"]
    for damaged in (
        "",
        "x",
        cursor[:-1],
        cursor + "A",
        cursor[1:],
        cursor.swapcase(),
        "é",
        shop.app.state.cursors.behind("books", "A", 1),
    ):
        answer = await shop.client.get("/books", params=following | {"cursor": damaged})
        assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")


async def test_books_that_come_and_go_meanwhile_shift_no_page(shop: Shop):
    books = [await shop.book(title=title) for title in "BDFH"]
    following = next_page(await shop.client.get("/books", params={"size": 2}))
    await shop.book(title="A")
    between = await shop.book(title="E")
    await shop.rows("DELETE FROM books WHERE id = ANY(:gone)", gone=books[1:3])
    assert await walk(shop, **following) == [between, books[3]]


async def test_cursors_reach_beyond_what_numbers_may(shop: Shop):
    await shop.rows(
        "INSERT INTO books (title, author, price) SELECT lpad(n::text, 6, '0'), 'A', 1 FROM generate_series(1, 10150) n"
    )
    query = {"size": 100, "page": 100}
    following = next_page(await shop.client.get("/books", params=query))
    titles = [book["title"] for book in (await listed(shop, **following))["items"]]
    assert titles == [f"{number:06}" for number in range(10_001, 10_101)]
