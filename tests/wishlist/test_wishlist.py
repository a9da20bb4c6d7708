"""Wishlists (contract, section 4.8)."""

import asyncio
import re
from typing import Any

import asyncpg
import pytest
from httpx2 import Response

from tests.catalog.support import UNKNOWN
from tests.races.support import begin, blocked, outcomes
from tests.statements import statements
from tests.support import Person, Shop, assert_problem


async def wish(shop: Shop, person: Person, book: object) -> Response:
    return await shop.client.post("/wishlist", headers=person.headers, json={"book_id": book})


async def listed(shop: Shop, person: Person) -> list[dict[str, Any]]:
    answer = await shop.client.get("/wishlist", headers=person.headers)
    assert answer.status_code == 200
    assert set(answer.json()) == {"items"}
    return answer.json()["items"]


async def drop(shop: Shop, person: Person, book: object) -> Response:
    return await shop.client.delete(f"/wishlist/{book}", headers=person.headers)


async def test_a_new_list_is_empty(shop: Shop):
    assert await listed(shop, await shop.person()) == []


@pytest.mark.parametrize("stock", [0, 3])
async def test_a_book_goes_on_the_list_whatever_its_stock(shop: Shop, stock: int):
    person = await shop.person()
    book = await shop.book(title="Emma", author="Austen", stock_quantity=stock, cover_image_url="/covers/1.png")
    answer = await wish(shop, person, book)
    assert answer.status_code == 201
    item = answer.json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", item.pop("added_at"))
    assert item.pop("id") > 0
    shown = {
        "id": book,
        "title": "Emma",
        "author": "Austen",
        "price": "10.00",
        "stock_quantity": stock,
        "cover_image_url": "/covers/1.png",
    }
    assert item == {"book_id": book, "book": shown}
    assert (await listed(shop, person))[0] == answer.json()


async def test_price_and_stock_are_those_of_now(shop: Shop):
    person, book = await shop.person(), await shop.book()
    await wish(shop, person, book)
    await shop.rows("UPDATE books SET price = 12.50, stock_quantity = 0 WHERE id = :id", id=book)
    shown = (await listed(shop, person))[0]["book"]
    assert (shown["price"], shown["stock_quantity"], shown["cover_image_url"]) == ("12.50", 0, None)


async def test_the_newest_comes_first_then_the_greater_id(shop: Shop):
    person = await shop.person()
    first, second, third = [await shop.book() for _ in range(3)]
    for book in (first, second, third):
        await wish(shop, person, book)
    assert [item["book_id"] for item in await listed(shop, person)] == [third, second, first]
    await shop.rows("UPDATE wishlist_items SET added_at = now() + interval '1 hour' WHERE book_id = :id", id=first)
    assert [item["book_id"] for item in await listed(shop, person)] == [first, third, second]


async def test_each_user_has_a_list_of_their_own(shop: Shop):
    ann, bob, book = await shop.person(), await shop.person(), await shop.book()
    assert (await wish(shop, ann, book)).status_code == 201
    assert (await wish(shop, bob, book)).status_code == 201
    assert (await drop(shop, ann, book)).status_code == 204
    assert await listed(shop, ann) == []
    assert len(await listed(shop, bob)) == 1


async def test_an_unknown_book_is_not_found(shop: Shop):
    assert_problem(await wish(shop, await shop.person(), UNKNOWN), 404, "BOOK_NOT_FOUND", "book_id")


async def test_a_book_is_on_the_list_once(shop: Shop):
    person, book = await shop.person(), await shop.book()
    await wish(shop, person, book)
    assert_problem(await wish(shop, person, book), 409, "WISHLIST_ITEM_DUPLICATE", "book_id")
    assert len(await listed(shop, person)) == 1


async def test_taking_a_book_off_goes_by_the_id_of_the_book_once(shop: Shop):
    person, _, book = await shop.person(), await shop.book(), await shop.book()
    item = (await wish(shop, person, book)).json()["id"]
    assert item != book
    answer = await drop(shop, person, book)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await drop(shop, person, book), 404, "WISHLIST_ITEM_NOT_FOUND", "book_id")
    assert (await wish(shop, person, book)).status_code == 201


async def test_a_book_on_nobodys_list_is_not_found_there(shop: Shop):
    ann, bob, book = await shop.person(), await shop.person(), await shop.book()
    await wish(shop, ann, book)
    for person, asked in ((bob, book), (ann, UNKNOWN)):
        assert_problem(await drop(shop, person, asked), 404, "WISHLIST_ITEM_NOT_FOUND", "book_id")


async def test_a_deleted_book_leaves_the_list(shop: Shop):
    person, admin, book = await shop.person(), await shop.admin(), await shop.book()
    await wish(shop, person, book)
    await shop.client.delete(f"/books/{book}", headers=admin.headers)
    assert await listed(shop, person) == []


async def test_what_is_no_book_id_is_refused(shop: Shop):
    person = await shop.person()
    for book in ("x", 2**31, None, 1.5):
        assert_problem(await wish(shop, person, book), 422, "VALIDATION_ERROR", "book_id")
    assert_problem(await drop(shop, person, "x"), 422, "VALIDATION_ERROR", "book_id")


async def test_only_active_users_have_a_list(shop: Shop):
    gone = await shop.person(is_active=False)
    for method, path in (("GET", "/wishlist"), ("POST", "/wishlist"), ("DELETE", "/wishlist/1")):
        assert_problem(await shop.client.request(method, path), 401, "HTTP_401")
        refused = await shop.client.request(method, path, headers=gone.headers)
        assert_problem(refused, 403, "AUTH_ACCOUNT_DEACTIVATED")


async def test_a_list_of_any_length_takes_the_same_statements(shop: Shop):
    person = await shop.person()
    counts = []
    for books in (1, 4):
        for _ in range(books):
            await wish(shop, person, await shop.book())
        with statements() as seen:
            await listed(shop, person)
        counts.append(len(seen))
    assert counts == [2, 2]


async def test_of_simultaneous_wishes_one_counts(live: Shop):
    """Seen to fail (500) with ON CONFLICT taken out."""
    person, book = await live.person(), await live.book()
    answers = await asyncio.gather(*(wish(live, person, book) for _ in range(6)))
    assert outcomes(answers) == {"201": 1, "WISHLIST_ITEM_DUPLICATE": 5}


async def test_a_book_deleted_in_the_same_instant_is_not_found(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (500, the foreign key) with the book read without a lock."""
    person, book = await live.person(), await live.book()
    async with raw.transaction():
        await raw.execute("DELETE FROM books WHERE id = $1", book)
        wishing = begin(wish(live, person, book))
        await blocked(raw, wishing)
    assert_problem(await wishing, 404, "BOOK_NOT_FOUND", "book_id")
