"""A cart holds as many lines as the setting says, and what was larger before is bounded where it is read."""

from decimal import Decimal

import pytest

from tests.statements import statements
from tests.support import Person, Shop, assert_problem


@pytest.fixture
async def person(shop: Shop) -> Person:
    return await shop.person()


async def add(shop: Shop, person: Person, book: int):
    return await shop.client.post("/cart/items", headers=person.headers, json={"book_id": book})


async def lines(shop: Shop, person: Person) -> list[int]:
    return [item["book_id"] for item in (await shop.client.get("/cart", headers=person.headers)).json()["items"]]


async def test_a_full_cart_takes_no_other_title_and_loses_none(shop: Shop, person: Person):
    """Seen to fail without the bound in `_ADD`."""
    shop.bound(max_cart_lines=2)
    books = [await shop.book() for _ in range(3)]
    for book in books[:2]:
        assert (await add(shop, person, book)).status_code == 201
    problem = assert_problem(await add(shop, person, books[2]), 409, "CART_FULL")
    assert problem["limit"] == 2
    assert "2 titles" in problem["detail"]
    assert await lines(shop, person) == books[:2]


async def test_what_is_wrong_with_the_book_is_said_first(shop: Shop, person: Person):
    shop.bound(max_cart_lines=1)
    there, sold_out = await shop.book(), await shop.book(stock_quantity=0)
    await add(shop, person, there)
    assert_problem(await add(shop, person, there), 409, "CART_ITEM_DUPLICATE", "book_id")
    assert_problem(await add(shop, person, sold_out), 409, "CART_BOOK_OUT_OF_STOCK", "book_id")
    assert_problem(await add(shop, person, 2_147_483_646), 404, "BOOK_NOT_FOUND", "book_id")


async def test_a_line_taken_out_makes_room(shop: Shop, person: Person):
    shop.bound(max_cart_lines=1)
    line, other = (await add(shop, person, await shop.book())).json()["id"], await shop.book()
    assert (await shop.client.delete(f"/cart/items/{line}", headers=person.headers)).status_code == 204
    assert (await add(shop, person, other)).status_code == 201


async def test_a_line_of_a_full_cart_can_be_changed(shop: Shop, person: Person):
    shop.bound(max_cart_lines=1)
    line = await shop.add_to_cart(person, await shop.book())
    answer = await shop.client.put(f"/cart/items/{line}", headers=person.headers, json={"quantity": 9})
    assert answer.json()["quantity"] == 9


async def test_of_a_cart_that_was_larger_before_the_first_lines_are_shown(shop: Shop, person: Person):
    """Seen to fail without the LIMIT of `_OF_USER`."""
    books = [await shop.book() for _ in range(4)]
    for book in books:
        await shop.add_to_cart(person, book)
    shop.bound(max_cart_lines=3)
    cart = (await shop.client.get("/cart", headers=person.headers)).json()
    assert [item["book_id"] for item in cart["items"]] == books[:3]
    assert (cart["total_items"], Decimal(cart["total_price"])) == (3, Decimal(30))
    await shop.client.delete(f"/cart/items/{cart['items'][0]['id']}", headers=person.headers)
    assert await lines(shop, person) == books[1:]


async def test_an_addition_takes_one_statement_more_than_finding_out_who_asks(shop: Shop, person: Person):
    """Counting costs no round trip."""
    book, other = await shop.book(), await shop.book()
    await add(shop, person, book)
    with statements() as seen:
        assert (await add(shop, person, other)).status_code == 201
    assert len([statement for statement in seen if "SAVEPOINT" not in statement]) == 2, seen
