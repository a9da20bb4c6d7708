"""Carts of guests over the API: tokens, owners, merging, sweeping."""

import asyncio
import hashlib
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.admin.housekeeping import sweep
from app.cart.models import CartOwner
from app.cart.service import CartService, new_token
from app.orders.idempotency import IdempotencyKeys
from app.orders.repository import OrderRepository
from app.orders.schemas import CheckoutRequest
from tests.races.support import begin, blocked
from tests.support import Person, Shop, assert_problem

LINES = "SELECT book_id, quantity FROM cart_items ORDER BY book_id"


async def opened(shop: Shop) -> dict[str, str]:
    """The header of a new guest."""
    answer = await shop.client.post("/cart")
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return {"X-Cart-Token": answer.json()["token"]}


async def add(shop: Shop, headers: dict[str, str], book: int, quantity: int = 1) -> Any:
    body = {"book_id": book, "quantity": quantity}
    return await shop.client.post("/cart/items", headers=headers, json=body)


async def merge(shop: Shop, person: Person, guest: dict[str, str]) -> Any:
    body = {"token": guest["X-Cart-Token"]}
    return await shop.client.post("/cart/merge", headers=person.headers, json=body)


async def lines(shop: Shop) -> dict[int, int]:
    return dict(map(tuple, await shop.rows(LINES)))


async def test_the_token_is_told_once_and_only_its_digest_is_kept(shop: Shop):
    guest = await opened(shop)
    [(user_id, digest)] = await shop.rows("SELECT user_id, token_digest FROM carts")
    assert (user_id, digest) == (None, hashlib.sha256(guest["X-Cart-Token"].encode()).digest())
    shown = await shop.client.get("/cart", headers=guest)
    assert guest["X-Cart-Token"] not in shown.text
    assert shown.headers["cache-control"] == "no-store"


async def test_a_guest_does_all_that_a_reader_does(shop: Shop):
    guest, book = await opened(shop), await shop.book()
    line = (await add(shop, guest, book, 2)).json()
    path = f"/cart/items/{line['id']}"
    assert_problem(await add(shop, guest, book), 409, "CART_ITEM_DUPLICATE", "book_id")
    assert (await shop.client.put(path, headers=guest, json={"quantity": 5})).json()["quantity"] == 5
    assert (await shop.client.get("/cart", headers=guest)).json()["total_items"] == 5
    assert (await shop.client.delete(path, headers=guest)).status_code == 204
    assert (await shop.client.get("/cart", headers=guest)).json()["items"] == []


@pytest.mark.parametrize(
    "token",
    ["x", "a" * 43, "a" * 44, "a" * 5000, "a" * 42 + "=", "a" * 42 + "\u00e9", "' OR 1=1 --", "a" * 42 + " b"],
)
async def test_what_is_no_token_opens_nothing_and_makes_nothing(shop: Shop, token: str):
    """Refused before anything is looked for."""
    book, guest = await shop.book(), [(b"X-Cart-Token", token.encode("latin-1"))]
    for answer in (
        await shop.client.get("/cart", headers=guest),
        await shop.client.post("/cart/items", headers=guest, json={"book_id": book}),
        await shop.client.put("/cart/items/1", headers=guest, json={"quantity": 1}),
        await shop.client.delete("/cart/items/1", headers=guest),
    ):
        assert_problem(answer, 401, "CART_TOKEN_UNKNOWN")
    assert await shop.scalar("SELECT count(*) FROM carts") == 0


@pytest.mark.parametrize("token", ["", "x", "\u0000", "a\u202eb", "a" * 201, 7, None, ["a"]])
async def test_merging_what_is_no_token_changes_nothing(shop: Shop, token: object):
    person = await shop.person()
    answer = await shop.client.post("/cart/merge", headers=person.headers, json={"token": token})
    assert answer.status_code in {200, 422}, answer.text
    assert await shop.scalar("SELECT count(*) FROM carts") == 0


async def test_nobody_changes_the_lines_of_another(shop: Shop):
    """Guest and guest, guest and reader. Seen to fail without the comparison of owners."""
    owner, other, person = await opened(shop), await opened(shop), await shop.person()
    line = (await add(shop, owner, await shop.book())).json()["id"]
    own = await shop.add_to_cart(person, await shop.book())
    for who, item in ((other, line), (person.headers, line), (owner, own)):
        path = f"/cart/items/{item}"
        refused = await shop.client.put(path, headers=who, json={"quantity": 9})
        assert_problem(refused, 403, "CART_ITEM_FORBIDDEN", "item_id")
        assert_problem(await shop.client.delete(path, headers=who), 403, "CART_ITEM_FORBIDDEN", "item_id")
    assert set((await lines(shop)).values()) == {1}


async def test_the_account_wins_over_the_token(shop: Shop):
    guest, person, book = await opened(shop), await shop.person(), await shop.book()
    assert (await add(shop, guest | person.headers, book)).status_code == 201
    assert await shop.scalar("SELECT user_id FROM carts JOIN cart_items ON cart_id = carts.id") == person.id
    refused = await shop.client.get("/cart", headers=guest | {"Authorization": "Bearer nonsense"})
    assert refused.status_code == 401
    assert refused.json()["code"] != "CART_TOKEN_UNKNOWN"


async def test_a_merge_keeps_every_line_and_ends_the_guests_cart(shop: Shop):
    """A line in both, a sold-out one, one beyond the stock. Seen to fail when the smaller number won."""
    guest, person = await opened(shop), await shop.person()
    both, mine, out, many = [await shop.book(stock_quantity=3) for _ in range(4)]
    for book, quantity in ((both, 5), (out, 2), (many, 99)):
        await add(shop, guest, book, quantity)
    await shop.add_to_cart(person, both, 2)
    await shop.add_to_cart(person, mine)
    await shop.rows("UPDATE books SET stock_quantity = 0 WHERE id = :id", id=out)
    answer = await merge(shop, person, guest)
    assert answer.status_code == 200, answer.text
    assert answer.json()["left_out"] == []
    assert await lines(shop) == {both: 5, mine: 1, out: 2, many: 99}
    assert await shop.scalar("SELECT count(*) FROM carts") == 1
    assert_problem(await shop.client.get("/cart", headers=guest), 401, "CART_TOKEN_UNKNOWN")
    again = await merge(shop, person, guest)
    assert (again.status_code, again.json()["items"]) == (200, answer.json()["items"])


async def test_what_does_not_fit_is_named(shop: Shop):
    guest, person = await opened(shop), await shop.person()
    books = [await shop.book() for _ in range(3)]
    for book in books[1:]:
        await add(shop, guest, book)
    await shop.add_to_cart(person, books[0])
    shop.bound(max_cart_lines=2)
    assert (await merge(shop, person, guest)).json()["left_out"] == [books[2]]
    assert set(await lines(shop)) == set(books[:2])


carts = st.dictionaries(st.integers(0, 6), st.integers(1, 2_147_483_647))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(theirs=carts, own=carts, most=st.integers(1, 8), from_cookie=st.booleans())
async def test_a_merge_of_any_two_carts_loses_nothing(
    shop: Shop, theirs: dict[int, int], own: dict[int, int], most: int, *, from_cookie: bool
):
    """Each title is there with the larger number, or named; the account's own lines stay whatever the bound."""
    books, person = [await shop.book() for _ in range(7)], await shop.person()
    mine, brought = ({books[at]: count for at, count in cart.items()} for cart in (own, theirs))

    async def work(session: Any) -> list[int]:
        await CartService(session, 100).take_in(person.id, mine)
        if from_cookie:
            return (await CartService(session, most).take_in(person.id, brought)).full
        token = new_token()
        await CartService(session, 100).take_in(CartOwner.guest(token), brought)
        return await CartService(session, most).merge(token, person.id)

    left = await shop.app.state.database.transaction(work)
    found = await shop.rows(
        "SELECT book_id, quantity FROM cart_items JOIN carts ON carts.id = cart_id WHERE user_id = :id ORDER BY cart_items.id",
        id=person.id,
    )
    expected = {book: max(mine.get(book, 0), brought.get(book, 0)) for book in mine | brought if book not in left}
    assert dict(map(tuple, found)) == expected
    new = [book for book in brought if book not in mine]
    fitting = max(most - len(mine), 0)
    assert left == new[fitting:]
    if not from_cookie:
        return
    assert [book for book, _ in found] == [*mine, *new[:fitting]]


async def test_abandoned_carts_are_swept_and_no_others(live: Shop):
    """Seen to fail without the condition on the token: the reader's went as well."""
    old, young, person = await opened(live), await opened(live), await live.person()
    book = await live.book()
    await add(live, old, book)
    await live.add_to_cart(person, book)
    await live.rows("UPDATE carts SET last_used_at = now() - interval '91 days'")
    await add(live, young, book)
    await sweep(live.app.state.database, live.app.state.settings)
    assert_problem(await live.client.get("/cart", headers=old), 401, "CART_TOKEN_UNKNOWN")
    assert (await live.client.get("/cart", headers=young)).json()["total_items"] == 1
    assert await live.scalar("SELECT count(*) FROM cart_items") == 2


async def test_a_client_opens_so_many_carts_in_an_hour(live: Shop):
    """Seen to fail without the count."""
    live.app.state.settings = live.app.state.settings.model_copy(
        update={"rate_limit_enabled": True, "rate_limit_guest_carts_per_hour": 2}
    )
    for _ in range(2):
        await opened(live)
    assert_problem(await live.client.post("/cart"), 429, "RATE_LIMITED")
    assert await live.scalar("SELECT count(*) FROM carts") == 2


async def test_keys_and_checkouts_are_those_of_the_owner(shop: Shop):
    """One key text of an account and of two guests: three keys; the checkout of a guest finds the guest's cart."""
    person, first, second = await shop.person(), new_token(), new_token()
    book, request = await shop.book(), CheckoutRequest()

    async def work(session: Any) -> tuple[list[int], int]:
        await CartService(session, 9).add(CartOwner.guest(first), book, 2, opens=True)
        for owner in (person.id, CartOwner.guest(first), CartOwner.guest(second)):
            claim = await IdempotencyKeys(session, owner).claim("same", request)
            assert not hasattr(claim, "replayed")
        begun = await OrderRepository(session).begin_checkout(CartOwner.guest(first), 9, 5)
        return [line.quantity for line in begun.cart.lines], begun.keys.count

    assert await shop.app.state.database.transaction(work) == ([2], 1)


async def held(raw: asyncpg.Connection, live: Shop, *coroutines: Any) -> list[Any]:
    """Have them all wait for the cart rows, then let them go at once."""
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM carts ORDER BY id FOR UPDATE")
        tasks = [begin(one) for one in coroutines]
        await blocked(raw, *tasks)
    return await asyncio.gather(*tasks)


async def test_two_sign_ins_merge_one_cart_once(live: Shop, raw: asyncpg.Connection):
    """Of one account, and of two: the lines are in one cart only."""
    guest, book = await opened(live), await live.book()
    one, other = await live.person(), await live.person()
    await add(live, guest, book, 3)
    for person in (one, other):
        await live.add_to_cart(person, await live.book())
    merges = [merge(live, person, guest) for person in (one, one, other, other)]
    answers = await held(raw, live, *merges)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert await live.rows("SELECT quantity FROM cart_items WHERE book_id = :id", id=book) == [(3,)]
    assert await live.scalar("SELECT count(*) FROM carts") == 2


async def test_what_a_guest_adds_during_a_merge_is_kept_or_refused(live: Shop, raw: asyncpg.Connection):
    """Never a 201 for a line that is nowhere. Seen to fail when an add made the guest's cart anew."""
    for _ in range(5):
        guest, person = await opened(live), await live.person()
        first, later = await live.book(), [await live.book() for _ in range(4)]
        line = (await add(live, guest, first)).json()["id"]
        adds = [add(live, guest, book) for book in later]
        change = live.client.put(f"/cart/items/{line}", headers=guest, json={"quantity": 7})
        *added, changed, merged = await held(raw, live, *adds, change, merge(live, person, guest))
        assert merged.status_code == 200
        kept = {book for book, answer in zip(later, added, strict=True) if answer.status_code == 201}
        assert {answer.status_code for answer in added} <= {201, 401}
        cart = (await live.client.get("/cart", headers=person.headers)).json()["items"]
        assert {item["book_id"] for item in cart} == {first} | kept
        [quantity] = [item["quantity"] for item in cart if item["book_id"] == first]
        assert quantity == (7 if changed.status_code == 200 else 1), changed.text


async def test_a_merge_during_a_checkout_adds_to_what_is_left(live: Shop, raw: asyncpg.Connection):
    """What was bought is bought once, and what the guest had is in the order or in the cart."""
    for _ in range(5):
        guest, person = await opened(live), await live.person()
        mine, brought = await live.book(), await live.book()
        await add(live, guest, brought, 2)
        await live.add_to_cart(person, mine)
        bought, merged = await held(raw, live, live.checkout(person, key="a"), merge(live, person, guest))
        assert (bought.status_code, merged.status_code) == (201, 200)
        items = [*bought.json()["items"], *(await live.client.get("/cart", headers=person.headers)).json()["items"]]
        assert sorted((item["book_id"], item["quantity"]) for item in items) == [(mine, 1), (brought, 2)]
