"""A cart that changes while it is bought: every line ends either in the order or in the cart."""

import asyncio

import asyncpg
import pytest
from httpx2 import Response

from tests.races.support import Till, begin, blocked, outcomes
from tests.support import Person, Shop, assert_problem

LOCK_CART = "SELECT 1 FROM carts WHERE user_id = $1 FOR UPDATE"
LINES = "SELECT book_id, quantity FROM cart_items ORDER BY id"
BOUGHT = "SELECT book_id, quantity FROM order_items ORDER BY id"


@pytest.fixture
async def person(live: Shop) -> Person:
    return await live.person()


@pytest.fixture
async def book(live: Shop, person: Person) -> int:
    """Two copies of it are in the person's cart."""
    book = await live.book(stock_quantity=100)
    await live.add_to_cart(person, book, 2)
    return book


@pytest.fixture
async def item(live: Shop, book: int) -> int:
    """The line of that book."""
    return int(await live.scalar("SELECT id FROM cart_items"))


async def paying(live: Shop, person: Person, till: Till) -> asyncio.Task[Response]:
    """A checkout that has all its locks and waits for the payment service."""
    till.hold()
    task = begin(live.checkout(person))
    await till.reached.wait()
    return task


async def test_one_cart_is_bought_once(live: Shop, person: Person, book: int, raw: asyncpg.Connection):
    """Eight checkouts wait for the cart row. Without its lock several sold the cart: there were eight orders."""
    async with raw.transaction():
        await raw.execute(LOCK_CART, person.id)
        tasks = [begin(live.checkout(person)) for _ in range(8)]
        await blocked(raw, *tasks)
    assert outcomes(await asyncio.gather(*tasks)) == {"201": 1, "ORDER_CART_EMPTY": 7}
    assert await live.rows(BOUGHT) == [(book, 2)]
    assert await live.scalar("SELECT stock_quantity FROM books") == 98
    assert await live.scalar("SELECT count(*) FROM email_outbox") == 1


async def test_a_new_quantity_waits_for_the_checkout(
    live: Shop, person: Person, item: int, till: Till, raw: asyncpg.Connection
):
    """Without the lock of the cart row the change was answered 200, and then was lost with the line."""
    sale = await paying(live, person, till)
    change = begin(live.client.put(f"/cart/items/{item}", headers=person.headers, json={"quantity": 9}))
    await blocked(raw, change)
    till.let_go()
    assert (await sale).json()["items"][0]["quantity"] == 2
    assert_problem(await change, 404, "CART_ITEM_NOT_FOUND", "item_id")


async def test_after_a_decline_the_waiting_quantity_is_set(
    live: Shop, person: Person, book: int, item: int, till: Till, raw: asyncpg.Connection
):
    """Without the lock of the cart row the change did not wait for the decline."""
    till.declines = 1
    sale = await paying(live, person, till)
    change = begin(live.client.put(f"/cart/items/{item}", headers=person.headers, json={"quantity": 9}))
    await blocked(raw, change)
    assert not change.done()
    till.let_go()
    assert_problem(await sale, 402, "ORDER_PAYMENT_FAILED")
    assert (await change).status_code == 200
    assert await live.rows(LINES) == [(book, 9)]


async def test_a_removal_waits_for_the_checkout(
    live: Shop, person: Person, book: int, item: int, till: Till, raw: asyncpg.Connection
):
    """Without the lock of the cart row the removal was answered 204 although the book was bought."""
    sale = await paying(live, person, till)
    removal = begin(live.client.delete(f"/cart/items/{item}", headers=person.headers))
    await blocked(raw, removal)
    till.let_go()
    assert (await sale).status_code == 201
    assert_problem(await removal, 404, "CART_ITEM_NOT_FOUND", "item_id")
    assert await live.rows(BOUGHT) == [(book, 2)]


async def test_a_book_added_meanwhile_stays_in_the_cart(
    live: Shop, person: Person, book: int, till: Till, raw: asyncpg.Connection
):
    """Seen to fail when checkout emptied the whole cart without its lock: the added book was in neither place."""
    other = await live.book()
    sale = await paying(live, person, till)
    addition = begin(live.client.post("/cart/items", headers=person.headers, json={"book_id": other}))
    await blocked(raw, addition)
    till.let_go()
    assert (await sale).status_code == 201
    assert (await addition).status_code == 201
    assert await live.rows(BOUGHT) == [(book, 2)]
    assert await live.rows(LINES) == [(other, 1)]


async def test_the_same_book_added_meanwhile_is_a_new_line(
    live: Shop, person: Person, book: int, till: Till, raw: asyncpg.Connection
):
    """Without the lock of the cart row in `open` or in checkout the addition was refused as a duplicate."""
    sale = await paying(live, person, till)
    addition = begin(live.client.post("/cart/items", headers=person.headers, json={"book_id": book, "quantity": 5}))
    await blocked(raw, addition)
    till.let_go()
    assert (await sale).status_code == 201
    assert (await addition).status_code == 201
    assert await live.rows(LINES) == [(book, 5)]


@pytest.mark.parametrize(
    ("change", "bought"),
    [
        ("UPDATE cart_items SET quantity = 7", 7),
        ("DELETE FROM cart_items", None),
    ],
)
async def test_checkout_buys_the_cart_it_waited_for(
    live: Shop, person: Person, book: int, raw: asyncpg.Connection, change: str, bought: int | None
):
    """Seen to fail when the lines were read before the cart row was locked: two copies were sold."""
    async with raw.transaction():
        await raw.execute(LOCK_CART, person.id)
        await raw.execute(change)
        sale = begin(live.checkout(person))
        await blocked(raw, sale)
    if bought is None:
        assert_problem(await sale, 422, "ORDER_CART_EMPTY")
    else:
        assert (await sale).json()["items"][0]["quantity"] == bought


async def test_the_first_adds_of_a_person_make_one_cart_and_one_line(live: Shop):
    """Seen to fail when `open` looked for the cart and then inserted it: the unique key answered 500."""
    person, book = await live.person(), await live.book()
    body = {"book_id": book, "quantity": 3}
    adds = (live.client.post("/cart/items", headers=person.headers, json=body) for _ in range(8))
    answers = await asyncio.gather(*adds)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    [line] = await live.rows("SELECT id, quantity FROM cart_items")
    for answer in answers:
        if answer.status_code == 409:
            problem = assert_problem(answer, 409, "CART_ITEM_DUPLICATE", "book_id")
            assert (problem["item_id"], problem["quantity"]) == tuple(line)
    assert await live.scalar("SELECT count(*) FROM carts") == 1


async def test_a_book_deleted_while_it_is_added_is_not_found(live: Shop, raw: asyncpg.Connection):
    """The foreign key finds it. Seen to fail when its violation was not translated: the answer was 500."""
    person, book = await live.person(), await live.book()
    async with raw.transaction():
        await raw.execute("DELETE FROM books WHERE id = $1", book)
        addition = begin(live.client.post("/cart/items", headers=person.headers, json={"book_id": book}))
        await blocked(raw, addition)
    assert_problem(await addition, 404, "BOOK_NOT_FOUND", "book_id")
    assert await live.scalar("SELECT count(*) FROM carts") == 0


async def test_a_line_whose_book_is_deleted_meanwhile_is_not_found(
    live: Shop, person: Person, book: int, item: int, raw: asyncpg.Connection
):
    """The line goes with its book. Seen to fail when the row count of the change was not asked: the answer was 500."""
    async with raw.transaction():
        await raw.execute("DELETE FROM books WHERE id = $1", book)
        change = begin(live.client.put(f"/cart/items/{item}", headers=person.headers, json={"quantity": 9}))
        await blocked(raw, change)
    assert_problem(await change, 404, "CART_ITEM_NOT_FOUND", "item_id")


async def test_a_stranger_never_waits_for_the_cart_of_another(live: Shop, raw: asyncpg.Connection):
    """Seen to fail when the owner was read with the lock: the stranger waited, and got 503."""
    owner, stranger = await live.person(), await live.person()
    item = await live.add_to_cart(owner, await live.book())
    async with raw.transaction():
        await raw.execute("SELECT * FROM carts FOR UPDATE")
        put = await live.client.put(f"/cart/items/{item}", headers=stranger.headers, json={"quantity": 2})
        assert_problem(put, 403, "CART_ITEM_FORBIDDEN", "item_id")
        delete = await live.client.delete(f"/cart/items/{item}", headers=stranger.headers)
        assert_problem(delete, 403, "CART_ITEM_FORBIDDEN", "item_id")
