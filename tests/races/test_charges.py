"""Money and COMMIT: an attempt is charged once, and what is not sold is given back."""

import asyncio
from collections.abc import MutableMapping
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from app.payments.service import Charge
from tests.orders.support import checkouts, state_of
from tests.races.support import LEDGER_GAPS, Till, begin, blocked
from tests.support import Person, Shop, assert_problem

FAIL_AT_COMMIT = """
    CREATE SEQUENCE commits;
    CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('commits') <= {times} THEN
            RAISE EXCEPTION 'no commit today' USING ERRCODE = '{sqlstate}';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER fail_at_commit AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION fail_at_commit();
"""
LOCK_BOOK = "SELECT 1 FROM books WHERE id = $1 FOR UPDATE"
PATIENT = "SET LOCAL deadlock_timeout = '1min'"
LOCK_USERS = "SELECT 1 FROM users FOR UPDATE"
ONE_ORDER = "SELECT payment_reference FROM orders"


@pytest.fixture
async def books(live: Shop) -> list[int]:
    return [await live.book(stock_quantity=5) for _ in range(3)]


@pytest.fixture
async def person(live: Shop, books: list[int]) -> Person:
    """Somebody with these books in the cart."""
    person = await live.person()
    for book in books:
        await live.add_to_cart(person, book)
    return person


async def assert_sold_once(shop: Shop, till: Till) -> None:
    attempt = till.asked[0]
    assert set(till.asked) == {attempt}
    assert till.voided == set()
    assert await shop.rows(ONE_ORDER) == [(f"mock_{attempt}",)]
    assert await shop.rows("SELECT stock_quantity FROM books") == [(4,)] * 3
    assert await shop.rows(LEDGER_GAPS) == []
    assert await shop.scalar("SELECT count(*) FROM email_outbox") == 1


async def test_a_deadlock_before_the_charge_is_repeated(
    live: Shop, person: Person, books: list[int], till: Till, raw: asyncpg.Connection, gate: asyncpg.Connection
):
    """An outsider locks the last book, then the first. Without repetition the answer was 503.

    The gate holds the middle book until the outsider waits, so that checkout closes the circle and is the victim.
    """
    held = gate.transaction()
    await held.start()
    await gate.execute(LOCK_BOOK, books[1])
    async with raw.transaction():
        await raw.execute(PATIENT)
        await raw.execute(LOCK_BOOK, books[2])
        sale = begin(live.checkout(person))
        await blocked(gate, sale)
        outsider = asyncio.create_task(raw.execute(LOCK_BOOK, books[0]))
        await blocked(gate, sale, outsider)
        await held.rollback()
        await outsider
    assert (await sale).status_code == 201
    assert len(till.asked) == 1
    await assert_sold_once(live, till)


async def test_a_deadlock_after_the_charge_is_repeated_and_charged_once(
    live: Shop, person: Person, books: list[int], till: Till, raw: asyncpg.Connection, gate: asyncpg.Connection
):
    """The order needs the buyer's row, whose holder waits for a book.

    Seen to fail when each try had an attempt id of its own (two charges), and when a commit left the undo of the
    first try standing (the charge of the sale was voided).
    """
    till.hold()
    async with raw.transaction():
        await raw.execute(PATIENT)
        await raw.execute(LOCK_USERS)
        sale = begin(live.checkout(person))
        await till.reached.wait()
        outsider = asyncio.create_task(raw.execute(LOCK_BOOK, books[0]))
        await blocked(gate, outsider)
        till.let_go()
        await outsider
    assert (await sale).status_code == 201
    assert len(till.asked) == 2
    await assert_sold_once(live, till)


async def test_a_lock_timeout_before_the_charge_is_busy(
    impatient: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Seen to fail when SQLSTATE 55P03 was not translated: the answer was 500."""
    before = await state_of(impatient)
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM books FOR UPDATE")
        assert_problem(await impatient.checkout(person, key="a"), 503, "BUSY_TRY_AGAIN")
    assert (till.asked, await state_of(impatient)) == ([], before)
    assert (await impatient.checkout(person, key="a")).status_code == 201
    await assert_sold_once(impatient, till)


async def test_a_lock_timeout_after_the_charge_voids_it(
    impatient: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Seen to fail when undos were not run: the charge stayed."""
    before = await state_of(impatient)
    async with raw.transaction():
        await raw.execute(LOCK_USERS)
        assert_problem(await impatient.checkout(person), 503, "BUSY_TRY_AGAIN")
    assert till.voided == set(till.asked)
    assert len(till.asked) == 1
    assert await state_of(impatient) == before


@pytest.mark.parametrize("key", [None, "a"])
async def test_a_failed_commit_voids_the_charge_and_leaves_nothing(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection, key: str | None
):
    """Seen to fail when undos were not run, and when the sale was counted before COMMIT."""
    await raw.execute(FAIL_AT_COMMIT.format(times=1, sqlstate="P0001"))
    before, confirmed = await state_of(live), checkouts("confirmed")
    assert_problem(await live.checkout(person, key), 500, "INTERNAL_ERROR")
    assert till.voided == set(till.asked)
    assert len(till.asked) == 1
    assert await state_of(live) == before
    assert await live.scalar("SELECT count(*) FROM idempotency_keys") == 0
    assert checkouts("confirmed") == confirmed
    assert (await live.checkout(person, key)).status_code == 201


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_a_conflict_at_commit_is_repeated_and_charged_once(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection, sqlstate: str
):
    """Three conflicts, then a sale. Seen to fail with two repetitions, and when each try was counted as a sale."""
    await raw.execute(FAIL_AT_COMMIT.format(times=3, sqlstate=sqlstate))
    confirmed = checkouts("confirmed")
    assert (await live.checkout(person)).status_code == 201
    assert len(till.asked) == 4
    assert checkouts("confirmed") == confirmed + 1
    await assert_sold_once(live, till)


async def test_the_fourth_conflict_is_busy_and_voids_the_charge(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Seen to fail with four repetitions: the answer was 201."""
    await raw.execute(FAIL_AT_COMMIT.format(times=4, sqlstate="40001"))
    before = await state_of(live)
    assert_problem(await live.checkout(person, key="a"), 503, "BUSY_TRY_AGAIN")
    assert (len(till.asked), till.voided) == (4, set(till.asked))
    assert await state_of(live) == before
    assert await live.scalar("SELECT count(*) FROM idempotency_keys") == 0


@pytest.mark.parametrize("key", [None, "a"])
async def test_a_repetition_that_ends_in_a_refusal_voids_the_charge(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection, key: str | None
):
    """The stock is taken between the first try and the second; with a key the refusal is even committed.

    Seen to fail when only the undos of the last try were run: the charge of the first stayed.
    """
    await raw.execute(FAIL_AT_COMMIT.format(times=1, sqlstate="40001"))
    till.hold()
    sale = begin(live.checkout(person, key))
    await till.reached.wait()
    rival = asyncio.create_task(live.rows("UPDATE books SET stock_quantity = 0"))
    await blocked(raw, rival)
    till.let_go()
    assert_problem(await sale, 409, "ORDER_INSUFFICIENT_STOCK")
    await rival
    assert till.voided == set(till.asked)
    assert await live.scalar("SELECT count(*) FROM orders") == 0


async def test_a_repetition_at_another_price_voids_the_first_charge(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """The price is changed between the first try and the second. Seen to fail with one name for all undos."""
    await raw.execute(FAIL_AT_COMMIT.format(times=1, sqlstate="40001"))
    till.hold()
    sale = begin(live.checkout(person))
    await till.reached.wait()
    rival = asyncio.create_task(live.rows("UPDATE books SET price = price + 1"))
    await blocked(raw, rival)
    till.let_go()
    assert (await sale).status_code == 201
    await rival
    first, second = till.asked
    assert first != second
    assert till.voided == {first}
    assert await live.rows(ONE_ORDER) == [(f"mock_{second}",)]


async def test_a_charge_of_unknown_outcome_is_voided(live: Shop, person: Person):
    """The service takes the money and its answer is lost. Seen to fail when the undo was noted after the answer."""

    class Silent(Till):
        async def charge(
            self, attempt_id: str, amount: Decimal, currency: str, *, force_fail: bool = False
        ) -> Charge:
            await super().charge(attempt_id, amount, currency, force_fail=force_fail)
            raise RuntimeError("the answer was lost")

    till = live.app.state.payments = Silent()
    before = await state_of(live)
    assert_problem(await live.checkout(person), 500, "INTERNAL_ERROR")
    assert till.voided == set(till.asked)
    assert len(till.asked) == 1
    assert await state_of(live) == before


async def test_a_checkout_cut_short_voids_its_charge(live: Shop, person: Person, till: Till, raw: asyncpg.Connection):
    """As when the server is stopped. Seen to fail when undos were run for exceptions alone, not for a cancellation."""
    before = await state_of(live)
    async with raw.transaction():
        await raw.execute(LOCK_USERS)
        sale = begin(live.checkout(person))
        await blocked(raw, sale)
        sale.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sale
    assert till.voided == set(till.asked)
    assert len(till.asked) == 1
    assert await state_of(live) == before


async def test_commit_comes_before_the_first_byte_of_the_answer(
    live: Shop, person: Person, till: Till, raw: asyncpg.Connection
):
    """Another connection sees the order when the answer starts. Seen to fail with a COMMIT after the answer."""
    seen = []

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        async def send_looking(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                seen.append((message["status"], await raw.fetchval("SELECT count(*) FROM orders")))
            await send(message)

        await live.app(scope, receive, send_looking)

    live.client._transport.app = app  # type: ignore[attr-defined]
    assert (await live.checkout(person)).status_code == 201
    assert seen == [(201, 1)]
