"""What a checkout may take: lines, keys and declined payments."""

import asyncpg
import pytest

from tests.orders.support import checkouts, state_of
from tests.statements import statements
from tests.support import Person, Shop, assert_problem

KEPT_KEYS = "SELECT count(*) FROM idempotency_keys"


@pytest.fixture
async def buyer(shop: Shop) -> Person:
    """Somebody with a book in the cart."""
    person = await shop.person()
    await shop.add_to_cart(person, await shop.book())
    return person


async def test_a_cart_from_before_the_bound_is_refused_until_it_fits(shop: Shop, buyer: Person):
    """Seen to fail without the check in `checkout`: three lines were sold."""
    for _ in range(2):
        await shop.add_to_cart(buyer, await shop.book())
    shop.bound(max_cart_lines=2)
    before = await state_of(shop)
    problem = assert_problem(await shop.checkout(buyer, key="a"), 409, "ORDER_TOO_LARGE")
    assert problem["limit"] == 2
    assert await state_of(shop) == before
    [first, *_] = (await shop.client.get("/cart", headers=buyer.headers)).json()["items"]
    await shop.client.delete(f"/cart/items/{first['id']}", headers=buyer.headers)
    assert (await shop.checkout(buyer, key="a")).headers["idempotent-replayed"] == "true"
    assert len((await shop.checkout(buyer, key="b")).json()["items"]) == 2


@pytest.mark.parametrize("cart", [True, False])
async def test_beyond_the_bound_a_new_key_is_refused_and_kept_ones_stand(shop: Shop, buyer: Person, *, cart: bool):
    """Seen to fail without the count of `bookstore_begin_checkout`, and without a cart when that was asked first."""
    if not cart:
        await shop.rows("DELETE FROM carts")
    shop.bound(max_idempotency_keys=2)
    first = await shop.checkout(buyer, key="a")
    second = await shop.checkout(buyer, key="b")
    assert second.json()["code"] == "ORDER_CART_EMPTY"
    before = await state_of(shop)
    counted = checkouts("IDEMPOTENCY_KEYS_EXHAUSTED")
    answer = await shop.checkout(buyer, key="c")
    problem = assert_problem(answer, 429, "IDEMPOTENCY_KEYS_EXHAUSTED")
    assert problem["limit"] == 2
    assert 86_300 < int(answer.headers["retry-after"]) <= 86_401
    assert (await state_of(shop), await shop.scalar(KEPT_KEYS)) == (before, 2)
    assert checkouts("IDEMPOTENCY_KEYS_EXHAUSTED") == counted + 1
    for key, kept in (("a", first), ("b", second)):
        replay = await shop.checkout(buyer, key=key)
        assert (replay.content, replay.headers["idempotent-replayed"]) == (kept.content, "true")


async def test_without_a_key_the_bound_on_keys_is_none(shop: Shop, buyer: Person):
    shop.bound(max_idempotency_keys=1)
    assert (await shop.checkout(buyer, key="a")).status_code == 201
    await shop.add_to_cart(buyer, await shop.book())
    assert (await shop.checkout(buyer)).status_code == 201


async def test_keys_that_have_expired_and_those_of_others_do_not_count(shop: Shop, buyer: Person):
    shop.bound(max_idempotency_keys=1)
    other = await shop.person()
    await shop.checkout(other, key="a")
    assert (await shop.checkout(buyer, key="a")).status_code == 201
    assert_problem(await shop.checkout(buyer, key="b"), 429, "IDEMPOTENCY_KEYS_EXHAUSTED")
    await shop.rows("UPDATE idempotency_keys SET expires_at = now() WHERE user_id = :id", id=buyer.id)
    assert_problem(await shop.checkout(buyer, key="b"), 422, "ORDER_CART_EMPTY")


async def test_a_decline_gives_its_key_back(shop: Shop, buyer: Person):
    shop.bound(max_idempotency_keys=1)
    for key in "abc":
        declined = await shop.checkout(buyer, key=key, force_payment_failure=True)
        assert_problem(declined, 402, "ORDER_PAYMENT_FAILED")
    assert (await shop.checkout(buyer, key="d")).status_code == 201


@pytest.mark.parametrize("key", [None, "a"])
async def test_after_many_declines_the_payment_service_is_left_alone_for_a_while(
    shop: Shop, buyer: Person, key: str | None
):
    """Seen to fail without the check in `checkout`: the third was declined as well."""
    shop.bound(max_declined_payments=2)
    for _ in range(2):
        declined = await shop.checkout(buyer, key=key, force_payment_failure=True)
        assert_problem(declined, 402, "ORDER_PAYMENT_FAILED")
    before = await state_of(shop)
    answer = await shop.checkout(buyer, key=key)
    problem = assert_problem(answer, 429, "ORDER_TOO_MANY_DECLINES")
    assert problem["limit"] == 2
    assert 3500 < int(answer.headers["retry-after"]) <= 3601
    assert await state_of(shop) == before
    assert await shop.scalar("SELECT count(*) FROM payment_attempts") == 2
    assert await shop.scalar(KEPT_KEYS) == 0
    await shop.rows("UPDATE payment_attempts SET created_at = now() - interval '1 hour' WHERE outcome = 'declined'")
    assert (await shop.checkout(buyer, key=key)).status_code == 201


async def test_what_is_wrong_with_the_cart_is_said_before(shop: Shop, buyer: Person):
    shop.bound(max_declined_payments=1)
    await shop.checkout(buyer, force_payment_failure=True)
    assert_problem(await shop.checkout(buyer, expected_total="1.00"), 409, "ORDER_TOTAL_CHANGED", "expected_total")
    await shop.rows("UPDATE books SET stock_quantity = 0")
    assert_problem(await shop.checkout(buyer), 409, "ORDER_INSUFFICIENT_STOCK")


async def test_the_next_cart_begins_anew(shop: Shop, buyer: Person):
    shop.bound(max_declined_payments=2)
    await shop.checkout(buyer, force_payment_failure=True)
    assert (await shop.checkout(buyer)).status_code == 201
    await shop.add_to_cart(buyer, await shop.book())
    for _ in range(2):
        assert (await shop.checkout(buyer, force_payment_failure=True)).status_code == 402


async def test_two_hundred_lines_take_as_many_statements_as_one(live: Shop, raw: asyncpg.Connection):
    """And one transaction: it is the same that wrote every line."""
    person = await live.person()
    await live.add_to_cart(person, await live.book())
    taken = []
    for key in "ab":
        with statements() as seen:
            order = (await live.checkout(person, key=key)).json()
        taken.append(len(seen))
        await raw.execute("""
            INSERT INTO books (title, author, price, stock_quantity)
            SELECT 'Book ' || n, 'A', 1, 5 FROM generate_series(1, 200) n
        """)
        await raw.execute(
            "INSERT INTO cart_items (cart_id, book_id) SELECT carts.id, books.id FROM carts, books WHERE price = 1"
        )
    assert taken[0] == taken[1] == 8
    assert len(order["items"]) == 200
    writers = "SELECT count(DISTINCT xmin::text) FROM order_items WHERE order_id = $1"
    assert await raw.fetchval(writers, order["id"]) == 1
