"""GET /books: envelope, filters and page numbers (contract, sections 2.6 and 4.4)."""

from datetime import date
from decimal import Decimal

import pytest

from tests.catalog.support import UNKNOWN, ids, listed
from tests.support import Shop, assert_problem


async def many(shop: Shop, count: int) -> None:
    """So many books at once, titled by number."""
    await shop.rows(
        "INSERT INTO books (title, author, price) SELECT lpad(n::text, 6, '0'), 'A', 1 FROM generate_series(1, :n) n",
        n=count,
    )


async def test_an_empty_catalogue_is_an_empty_page(shop: Shop):
    assert await listed(shop) == {"items": [], "total": 0, "page": 1, "size": 20}


async def test_pages_have_twenty_books_unless_told_otherwise(shop: Shop):
    await many(shop, 45)
    body = await listed(shop, page=3)
    assert (len(body["items"]), body["total"], body["page"], body["size"]) == (5, 45, 3, 20)
    body = await listed(shop, page=2, size=7)
    assert [book["title"] for book in body["items"]] == [f"{number:06}" for number in range(8, 15)]


async def test_a_page_past_the_end_is_empty_with_the_true_total(shop: Shop):
    await many(shop, 3)
    for page in (2, 1_000_000):
        assert await listed(shop, page=page) == {"items": [], "total": 3, "page": page, "size": 20}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("page", value) for value in (0, -1, 1_000_001, "x", "", 1.5)),
        *(("size", value) for value in (0, 101, "x", "")),
        *(("sort", value) for value in ("id", "TITLE", "")),
        *(("sort_dir", value) for value in ("up", "ASC", "")),
        *(("genre_id", value) for value in ("x", "", 2_147_483_648)),
        *(("min_price", value) for value in (-1, "x", "", "NaN", "Infinity", "1e20", "123456789012345678901")),
        *(("max_price", value) for value in ("-0.01", "inf", "1e-21")),
        ("q", "x" * 201),
        ("author", "x" * 256),
        ("cursor", "x" * 9000),
    ],
)
async def test_what_a_query_refuses(shop: Shop, name, value):
    answer = await shop.client.get("/books", params={name: value})
    body = assert_problem(answer, 422, "VALIDATION_ERROR", name)
    assert body["errors"][0]["loc"][:2] == ["query", name]


async def test_texts_that_no_column_holds_are_refused(shop: Shop):
    for query in ("q=%00", "author=a%00b", "q=%ed%a0%80", "cursor=%00"):
        assert_problem(await shop.client.get(f"/books?{query}"), 422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("page", "size", "refused"),
    [(100, 100, False), (101, 100, True), (500, 20, False), (501, 20, True), (102, 100, False)],
)
async def test_page_numbers_reach_ten_thousand_books(shop: Shop, page, size, refused):
    await many(shop, 10_050)
    for query in ({}, {"q": "a"}):
        answer = await shop.client.get("/books", params={"page": page, "size": size} | query)
        if refused:
            assert_problem(answer, 422, "PAGE_TOO_DEEP", "page")
        else:
            assert (answer.status_code, answer.json()["total"]) == (200, 10_050)


async def test_filters_combine_with_and(shop: Shop):
    genre, other = await shop.genre("Novel"), await shop.genre("Other")
    emma = {"title": "Emma", "author": "Jane Austen", "price": Decimal("9.50"), "genre_id": genre}
    found = await shop.book(**emma)
    for difference in (
        {"genre_id": other},
        {"genre_id": None},
        {"author": "J. Doe"},
        {"price": Decimal(9)},
        {"price": 10},
    ):
        await shop.book(**emma | difference)
    await shop.book(**emma | {"title": "Persuasion"})
    query = {"genre_id": genre, "author": "austen", "min_price": "9.01", "max_price": 9.99}
    assert await ids(shop, **query, q="emma") == [found]
    assert (await listed(shop, **query))["total"] == 2


async def test_an_unknown_genre_has_no_books(shop: Shop):
    await shop.book()
    assert await ids(shop, genre_id=UNKNOWN) == []


@pytest.mark.parametrize(
    ("author", "found"),
    [
        ("ing", ["Stephen King"]),
        ("STEPHEN k", ["Stephen King"]),
        ("ÉMILE", ["Émile Zola"]),
        ("100%", ["100% Sure"]),
        ("0_S", ["0_Score"]),
        ("\\", ["Back\\slash"]),
        ("%", ["100% Sure"]),
        ("k\\s", ["Back\\slash"]),
        ("King Stephen", []),
        ("", ["Stephen King", "Émile Zola", "100% Sure", "0_Score", "Back\\slash", "0xScore"]),
    ],
)
async def test_author_is_a_literal_part_in_any_case(shop: Shop, author, found):
    for name in ("Stephen King", "Émile Zola", "100% Sure", "0_Score", "Back\\slash", "0xScore"):
        await shop.book(author=name)
    assert [book["author"] for book in (await listed(shop, author=author))["items"]] == found


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"min_price": "10"}, ["10.00", "20.00"]),
        ({"max_price": "10.00"}, ["5.00", "10.00"]),
        ({"min_price": 5, "max_price": 10}, ["5.00", "10.00"]),
        ({"min_price": "10.004"}, ["20.00"]),
        ({"max_price": "9.996"}, ["5.00"]),
        ({"min_price": 20, "max_price": 5}, []),
        ({"min_price": "12345678901234567890"}, []),
        ({"max_price": "12345678901234567890"}, ["5.00", "10.00", "20.00"]),
        ({"min_price": "0.00000000000000000001"}, ["5.00", "10.00", "20.00"]),
        ({"min_price": "1e1", "max_price": "1e19"}, ["10.00", "20.00"]),
        ({"min_price": "-0"}, ["5.00", "10.00", "20.00"]),
        ({"min_price": "0e999999"}, ["5.00", "10.00", "20.00"]),
    ],
)
async def test_price_bounds_are_inclusive_and_exact(shop: Shop, bounds, found):
    for price in (10, 20, 5):
        await shop.book(price=Decimal(price))
    body = await listed(shop, **bounds, sort="price")
    assert [book["price"] for book in body["items"]] == found


async def rated(shop: Shop, book: int, total: int, count: int) -> None:
    await shop.rows("UPDATE books SET rating_sum = :s, rating_count = :c WHERE id = :id", s=total, c=count, id=book)


async def test_sort_by_title_is_in_code_point_order(shop: Shop):
    titles = ["b", "Z", "a", "É", "_", "a b", "aa", "ä", "1"]
    for title in titles:
        await shop.book(title=title)
    for query, expected in (({}, sorted(titles)), ({"sort_dir": "desc"}, sorted(titles, reverse=True))):
        assert [book["title"] for book in (await listed(shop, **query))["items"]] == expected


async def test_sort_by_price_is_ascending_unless_told_otherwise(shop: Shop):
    books = [await shop.book(price=Decimal(price)) for price in ("9.99", "10.00", "9.99")]
    assert await ids(shop, sort="price") == [books[0], books[2], books[1]]
    assert await ids(shop, sort="price", sort_dir="desc") == [books[1], books[0], books[2]]


async def test_books_without_date_come_last_in_both_directions(shop: Shop):
    books = [
        await shop.book(publish_date=day)
        for day in (None, date(2020, 1, 1), None, date(2021, 1, 1), date(2020, 1, 1))
    ]
    nothing, old, nothing_either, new, old_too = books
    assert await ids(shop, sort="date") == [new, old, old_too, nothing, nothing_either]
    assert await ids(shop, sort="date", sort_dir="asc") == [old, old_too, new, nothing, nothing_either]


async def test_books_without_reviews_come_last_in_both_directions(shop: Shop):
    unread, good, unread_too, better, as_good = [await shop.book() for _ in range(5)]
    for book, total, count in ((good, 8, 2), (better, 13, 3), (as_good, 12, 3)):
        await rated(shop, book, total, count)
    assert await ids(shop, sort="avg_rating") == [better, good, as_good, unread, unread_too]
    assert await ids(shop, sort="avg_rating", sort_dir="asc") == [good, as_good, better, unread, unread_too]


async def test_sort_by_creation_begins_with_the_newest(live: Shop):
    books = [await live.book() for _ in range(3)]
    assert await ids(live, sort="created_at") == books[::-1]
    assert await ids(live, sort="created_at", sort_dir="asc") == books
