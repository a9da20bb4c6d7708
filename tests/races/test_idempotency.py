"""Simultaneous requests under one Idempotency-Key."""

import asyncio

import asyncpg
import pytest
from httpx2 import Response

from tests.races.support import Till, begin, blocked, outcomes
from tests.support import Person, Shop, assert_problem

ORDERS = "SELECT count(*) FROM orders"


@pytest.fixture
async def person(live: Shop) -> Person:
    """Somebody with a book in the cart."""
    person = await live.person()
    await live.add_to_cart(person, await live.book())
    return person


async def paying(shop: Shop, person: Person, till: Till, key: str | None = "a") -> asyncio.Task[Response]:
    """A checkout under the key that waits for the payment service."""
    till.hold()
    task = begin(shop.checkout(person, key))
    await till.reached.wait()
    return task


async def test_the_second_waits_for_the_first_and_replays_it(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Seen to fail when the key was looked up first and written last: the second was refused for its empty cart."""
    first = await paying(live, person, till)
    second = begin(live.checkout(person, key="a"))
    await blocked(raw, second)
    till.let_go()
    answer, replay = await first, await second
    assert (answer.status_code, replay.status_code) == (201, 201)
    assert replay.content == answer.content
    assert replay.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in answer.headers
    assert len(till.asked) == 1
    assert await live.scalar(ORDERS) == 1


async def test_the_second_runs_itself_when_the_first_is_declined(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Seen to fail when the claim was committed before the checkout ran: an empty answer was replayed; and, once in
    many runs, when the decline was recorded after the rollback: the second was told of the same decline.
    """
    till.declines = 1
    first = await paying(live, person, till)
    second = begin(live.checkout(person, key="a"))
    await blocked(raw, second)
    till.let_go()
    assert_problem(await first, 402, "ORDER_PAYMENT_FAILED")
    answer = await second
    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers
    assert (await live.checkout(person, key="a")).content == answer.content
    assert len(set(till.asked)) == 2
    assert await live.scalar(ORDERS) == 1


async def test_a_stored_refusal_is_replayed_to_those_who_waited(live: Shop, person: Person, raw: asyncpg.Connection):
    """All wait for the first, which waits for the cart. With the keys looked up first all were judged anew."""
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM carts FOR UPDATE")
        await raw.execute("DELETE FROM cart_items")
        tasks = [begin(live.checkout(person, key="a")) for _ in range(4)]
        await blocked(raw, *tasks)
    answers = await asyncio.gather(*tasks)
    assert outcomes(answers) == {"ORDER_CART_EMPTY": 4}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 3


async def test_eight_at_once_are_one_order_and_eight_equal_answers(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Seen to fail as the first test of this file."""
    tasks = [await paying(live, person, till), *(begin(live.checkout(person, key="a")) for _ in range(7))]
    await blocked(raw, *tasks[1:])
    till.let_go()
    answers = await asyncio.gather(*tasks)
    assert outcomes(answers) == {"201": 8}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    assert (len(till.asked), await live.scalar(ORDERS)) == (1, 1)


async def test_another_body_waits_and_is_refused(live: Shop, person: Person, till: Till, raw: asyncpg.Connection):
    """Seen to fail without the comparison of request hashes: the first answer was replayed."""
    first = await paying(live, person, till)
    second = begin(live.checkout(person, key="a", expected_total="10.00"))
    await blocked(raw, second)
    till.let_go()
    assert (await first).status_code == 201
    assert_problem(await second, 422, "IDEMPOTENCY_KEY_REUSED")


async def test_beyond_the_lock_timeout_the_first_is_in_progress(impatient: Shop, person: Person, till: Till):
    """Not stored: once the first has ended it is replayed. Without the translation of 55P03 the answer was 503."""
    first = await paying(impatient, person, till)
    for _ in range(2):
        answer = await impatient.checkout(person, key="a")
        assert_problem(answer, 409, "IDEMPOTENCY_IN_PROGRESS")
        assert answer.headers["retry-after"] == "1"
        assert "idempotent-replayed" not in answer.headers
    till.let_go()
    sold = await first
    assert sold.status_code == 201
    assert (await impatient.checkout(person, key="a")).content == sold.content
    assert len(till.asked) == 1


async def test_the_cart_row_beyond_the_lock_timeout_is_busy_not_in_progress(
    impatient: Shop, person: Person, till: Till
):
    """Another key waits for the cart alone."""
    first = await paying(impatient, person, till, key=None)
    assert_problem(await impatient.checkout(person, key="b"), 503, "BUSY_TRY_AGAIN")
    till.let_go()
    assert (await first).status_code == 201
    assert_problem(await impatient.checkout(person, key="b"), 422, "ORDER_CART_EMPTY")


async def test_an_expired_key_is_taken_over_by_one_of_many(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Seen to fail when the takeover did not ask again, under the lock, whether the key has expired."""
    old = await live.checkout(person, key="a")
    await raw.execute("UPDATE idempotency_keys SET expires_at = now()")
    await live.add_to_cart(person, await live.book())
    till.reached.clear()
    first = await paying(live, person, till)
    second = begin(live.checkout(person, key="a"))
    await blocked(raw, second)
    till.let_go()
    answer, replay = await first, await second
    assert answer.status_code == 201
    assert answer.json()["id"] != old.json()["id"]
    assert (replay.content, replay.headers["idempotent-replayed"]) == (answer.content, "true")
    assert await live.scalar(ORDERS) == 2
