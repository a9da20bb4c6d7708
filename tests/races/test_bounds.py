"""Bounds hold however many come at once: the last place is given once."""

import asyncio

import asyncpg
import pytest

from tests.races.support import begin, blocked, outcomes
from tests.support import Person, Shop

AT_ONCE = 6


@pytest.fixture
async def person(live: Shop) -> Person:
    return await live.person()


async def test_the_last_line_of_a_cart_is_added_once(live: Shop, person: Person, raw: asyncpg.Connection):
    """Seen to fail when the lines were counted by the statement itself, which does not see what was written while it
    waited for the lock: all six were added.
    """
    live.bound(max_cart_lines=3)
    for _ in range(2):
        await live.add_to_cart(person, await live.book())
    books = [await live.book() for _ in range(AT_ONCE)]
    async with raw.transaction():
        await raw.execute("SELECT FROM carts FOR UPDATE")
        adds = [
            begin(live.client.post("/cart/items", headers=person.headers, json={"book_id": book})) for book in books
        ]
        await blocked(raw, *adds)
    assert outcomes(await asyncio.gather(*adds)) == {"201": 1, "CART_FULL": AT_ONCE - 1}
    assert await live.scalar("SELECT count(*) FROM cart_items") == 3


async def test_the_first_adds_of_a_person_stop_at_the_bound(live: Shop, person: Person):
    """There is no cart yet whose row could be locked."""
    live.bound(max_cart_lines=1)
    books = [await live.book() for _ in range(AT_ONCE)]
    adds = (live.client.post("/cart/items", headers=person.headers, json={"book_id": book}) for book in books)
    assert outcomes(await asyncio.gather(*adds)) == {"201": 1, "CART_FULL": AT_ONCE - 1}


async def test_the_last_wish_is_granted_once(live: Shop, person: Person, raw: asyncpg.Connection):
    """Seen to fail without FOR NO KEY UPDATE OF users."""
    live.bound(max_wishlist_items=1)
    books = [await live.book() for _ in range(AT_ONCE)]
    async with raw.transaction():
        await raw.execute("SELECT FROM users FOR UPDATE")
        wishes = [
            begin(live.client.post("/wishlist", headers=person.headers, json={"book_id": book})) for book in books
        ]
        await blocked(raw, *wishes)
    assert outcomes(await asyncio.gather(*wishes)) == {"201": 1, "WISHLIST_FULL": AT_ONCE - 1}
    assert await live.scalar("SELECT count(*) FROM wishlist_items") == 1


async def test_the_last_pre_booking_is_made_once(live: Shop, person: Person, raw: asyncpg.Connection):
    """Seen to fail without the lock of the account's row in `lock_book`."""
    live.bound(max_waiting_prebookings=1)
    books = [await live.book(stock_quantity=0) for _ in range(AT_ONCE)]
    async with raw.transaction():
        await raw.execute("SELECT FROM users FOR UPDATE")
        bookings = [
            begin(live.client.post("/prebooks", headers=person.headers, json={"book_id": book})) for book in books
        ]
        await blocked(raw, *bookings)
    assert outcomes(await asyncio.gather(*bookings)) == {"201": 1, "PREBOOK_LIMIT": AT_ONCE - 1}
    assert await live.scalar("SELECT count(*) FROM pre_bookings") == 1


@pytest.mark.parametrize("row", ["carts", "users"])
async def test_the_last_key_is_kept_once(live: Shop, person: Person, raw: asyncpg.Connection, row: str):
    """With a cart, and without one, where the row of the account is locked. Seen to fail when the keys were counted
    by the claim, and without the lock of the account: six were kept.
    """
    live.bound(max_idempotency_keys=3)
    if row == "carts":
        await live.add_to_cart(person, await live.book())
    for key in "ab":
        await live.checkout(person, key=key)
    async with raw.transaction():
        await raw.execute(f"SELECT FROM {row} FOR UPDATE")
        tasks = [begin(live.checkout(person, key=f"race {number}".replace(" ", "-"))) for number in range(AT_ONCE)]
        await blocked(raw, *tasks)
    answers = outcomes(await asyncio.gather(*tasks))
    assert answers == {"ORDER_CART_EMPTY": 1, "IDEMPOTENCY_KEYS_EXHAUSTED": AT_ONCE - 1}
    assert await live.scalar("SELECT count(*) FROM idempotency_keys") == 3


async def test_the_last_decline_is_the_last(live: Shop, person: Person, raw: asyncpg.Connection):
    """Seen to fail when the declines were counted before the cart was locked."""
    live.bound(max_declined_payments=2)
    await live.add_to_cart(person, await live.book())
    async with raw.transaction():
        await raw.execute("SELECT FROM carts FOR UPDATE")
        tasks = [begin(live.checkout(person, force_payment_failure=True)) for _ in range(AT_ONCE)]
        await blocked(raw, *tasks)
    answers = outcomes(await asyncio.gather(*tasks))
    assert answers == {"ORDER_PAYMENT_FAILED": 2, "ORDER_TOO_MANY_DECLINES": AT_ONCE - 2}
    assert await live.scalar("SELECT count(*) FROM payment_attempts") == 2


async def test_the_last_genre_is_added_once(live: Shop):
    """Seen to fail without the advisory lock in `GenreRepository.add`."""
    live.bound(max_genres=1)
    admin = await live.admin()
    adds = (live.client.post("/genres", headers=admin.headers, json={"name": f"Genre {n}"}) for n in range(AT_ONCE))
    assert outcomes(await asyncio.gather(*adds)) == {"201": 1, "GENRE_LIMIT": AT_ONCE - 1}


async def test_nobody_deadlocks_who_wishes_waits_and_buys_at_once(live: Shop, person: Person):
    """The row of the account is locked before those of books, and checkouts refer to it only."""
    await live.admin()
    sold_out = [await live.book(stock_quantity=0) for _ in range(8)]
    there = [await live.book() for _ in range(8)]
    for book in there:
        await live.add_to_cart(person, book)
    requests = [
        *(live.client.post("/wishlist", headers=person.headers, json={"book_id": book}) for book in there + sold_out),
        *(live.client.post("/prebooks", headers=person.headers, json={"book_id": book}) for book in sold_out),
        *(live.checkout(person) for _ in range(2)),
        live.client.patch("/auth/me", headers=person.headers, json={"display_name": "Ada"}),
    ]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*requests))
    assert statuses == [200] + [201] * 25 + [422]
