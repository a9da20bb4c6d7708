"""Who waits is told exactly once, in the transaction that restocks, whatever races (contract, sections 4.5 and 4.9).

`seen` in a docstring names the guard without which the test failed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from httpx2 import Response

from app.verify.service import verify_patiently
from tests.catalog.support import set_stock
from tests.prebookings.support import (
    TOLD_TWICE_OR_NEVER,
    book_ahead,
    buy,
    cancel,
    restock,
    sell_last_copy,
    told,
    wait_for,
)
from tests.races.support import LEDGER_GAPS, begin, blocked, outcomes
from tests.support import Person, Shop, assert_problem
from tests.verify.support import broken

ROUNDS = 25
Restocking = Callable[[Shop, Person, int], Awaitable[Response]]


async def by_setting(shop: Shop, admin: Person, book: int) -> Response:
    return await set_stock(shop, admin, book, 5)


async def by_adjusting(shop: Shop, admin: Person, book: int) -> Response:
    return await restock(shop, admin, book, 5)


async def sound(shop: Shop, raw: asyncpg.Connection) -> bool:
    """Everybody was told as their pre-booking says, and all laws hold."""
    assert await raw.fetch(TOLD_TWICE_OR_NEVER) == []
    assert await raw.fetch(LEDGER_GAPS) == []
    assert broken(await verify_patiently(shop.app.state.database)) == {}
    return True


@pytest.mark.parametrize("restocking", [by_setting, by_adjusting])
async def test_two_staff_at_once_tell_once(live: Shop, raw: asyncpg.Connection, restocking: Restocking):
    """Both wait for the book before either may go on.

    Seen: the lock in `StockService` and the status in the WHERE of `notify`, both taken out; one of them suffices.
    """
    admins, book = [await live.admin() for _ in range(2)], await live.book(stock_quantity=0)
    for _ in range(3):
        await wait_for(live, await live.person(), book)
    async with raw.transaction():
        await raw.execute("SELECT FROM books FOR UPDATE")
        tasks = [begin(restocking(live, admin, book)) for admin in admins]  # type: ignore[arg-type]
        await blocked(raw, *tasks)
    assert all(answer.is_success for answer in await asyncio.gather(*tasks))
    assert await told(raw) == {"notified": 3, "mails": 3, "notices": 3}
    assert await sound(live, raw)


async def test_copies_that_were_sold_while_staff_waited_are_told_of(live: Shop, raw: asyncpg.Connection):
    """The last copy is sold and booked ahead while a delivery waits: that comes from 0, not from the 1 it found.

    Seen: the lock in `StockService`; nobody was told, and the reader waited for a book in stock.
    """
    person, admin, book = await live.person(), await live.admin(), await live.book(stock_quantity=1)
    async with raw.transaction():
        await sell_last_copy(raw, person, book)
        restocking = begin(restock(live, admin, book))
        await blocked(raw, restocking)
    assert (await restocking).status_code == 201
    assert await told(raw) == {"notified": 1, "mails": 1, "notices": 1}
    assert await sound(live, raw)


async def test_a_booking_under_way_is_waited_for_and_told(live: Shop, raw: asyncpg.Connection):
    """The booking has read the stock and not written its row yet. Seen: FOR NO KEY UPDATE in `lock_book`.

    Without it the restock committed first, told nobody, and the reader waited for a book that was in stock.
    """
    person, admin, book = await live.person(), await live.admin(), await live.book(stock_quantity=0)
    async with raw.transaction():
        await raw.execute("LOCK TABLE pre_bookings IN SHARE MODE")
        booking = begin(book_ahead(live, person, book))
        await blocked(raw, booking)
        restocking = begin(restock(live, admin, book))
        await blocked(raw, booking, restocking)
    assert (await booking).status_code == 201
    assert (await restocking).status_code == 201
    assert await told(raw) == {"notified": 1, "mails": 1, "notices": 1}
    assert await sound(live, raw)


async def test_a_booking_behind_a_restock_is_refused(live: Shop, raw: asyncpg.Connection):
    """The restock has lifted the stock and not committed yet. Seen: FOR NO KEY UPDATE in `lock_book` (201)."""
    person, admin, book = await live.person(), await live.admin(), await live.book(stock_quantity=0)
    await wait_for(live, await live.person(), book)
    async with raw.transaction():
        await raw.execute("LOCK TABLE notices IN SHARE MODE")
        restocking = begin(restock(live, admin, book))
        await blocked(raw, restocking)
        booking = begin(book_ahead(live, person, book))
        await blocked(raw, restocking, booking)
    assert_problem(await booking, 409, "PREBOOK_BOOK_IN_STOCK", "book_id")
    assert (await restocking).status_code == 201
    assert await told(raw) == {"notified": 1, "mails": 1, "notices": 1}


async def test_nobody_is_missed_when_all_come_in_the_same_instant(live: Shop, raw: asyncpg.Connection):
    """Many rounds of readers and two of staff on one book, in any order.

    Afterwards nobody may wait for a book that is in stock. Seen: FOR NO KEY UPDATE in `lock_book`, in round one.
    """
    admins = [await live.admin() for _ in range(2)]
    chance = random.Random(1)
    for _ in range(ROUNDS):
        book = await live.book(stock_quantity=0)
        readers = [await live.person() for _ in range(4)]
        deeds = [book_ahead(live, reader, book) for reader in readers]
        deeds += [by_setting(live, admins[0], book), by_adjusting(live, admins[1], book)]
        chance.shuffle(deeds)
        found = outcomes(await asyncio.gather(*deeds))
        assert set(found) <= {"200", "201", "PREBOOK_BOOK_IN_STOCK"}
    assert await raw.fetchval("SELECT count(*) FROM pre_bookings WHERE status = 'waiting'") == 0
    assert await sound(live, raw)


async def test_a_restock_gets_its_turn_among_those_who_keep_booking(live: Shop, raw: asyncpg.Connection):
    """One reader holds the book, staff come next, then another reader: the restock is served before the latter.

    Seen: FOR SHARE instead of FOR NO KEY UPDATE; the late reader was let in past the restock, as any after them.
    """
    admin, late, book = await live.admin(), await live.person(), await live.book(stock_quantity=0)
    async with raw.transaction():
        await raw.execute("SELECT FROM books FOR SHARE")
        restocking = begin(restock(live, admin, book))
        await blocked(raw, restocking)
        booking = begin(book_ahead(live, late, book))
        await blocked(raw, restocking, booking)
        assert not booking.done()
    assert (await restocking).status_code == 201
    assert_problem(await booking, 409, "PREBOOK_BOOK_IN_STOCK", "book_id")


async def test_cancelling_an_order_tells_once_beside_a_restock(live: Shop, raw: asyncpg.Connection):
    """Buyer, staff and a delivery lift the stock from 0 in the same instant, in many rounds.

    Seen: the lock in `StockService` and the status in the WHERE of `notify`, both taken out; one of them suffices.
    """
    admin = await live.admin()
    for _ in range(ROUNDS):
        book = await live.book(stock_quantity=2)
        buyers = [await live.person() for _ in range(2)]
        orders = [await buy(live, buyer, book) for buyer in buyers]
        await wait_for(live, await live.person(), book)
        own = live.client.post(f"/orders/{orders[0]}/cancel", headers=buyers[0].headers)
        body = {"reason": "Damaged"}
        any_ = live.client.post(f"/admin/orders/{orders[1]}/cancel", headers=admin.headers, json=body)
        answers = await asyncio.gather(own, any_, by_adjusting(live, admin, book))
        assert outcomes(list(answers)) == {"200": 2, "201": 1}
    assert await told(raw) == {"notified": ROUNDS, "mails": ROUNDS, "notices": ROUNDS}
    assert await sound(live, raw)


async def test_cancelling_an_order_of_many_books_tells_of_each(live: Shop, raw: asyncpg.Connection):
    buyer, admin, reader = await live.person(), await live.admin(), await live.person()
    emma, dune, kept = [await live.book(title=title, stock_quantity=1) for title in ("Emma", "Dune", "Kept")]
    await restock(live, admin, kept)
    for book in (dune, kept):
        await live.add_to_cart(buyer, book)
    order = await buy(live, buyer, emma)
    for book in (emma, dune):
        await wait_for(live, reader, book)
    cancelling = await live.client.post(f"/orders/{order}/cancel", headers=buyer.headers)
    assert cancelling.status_code == 200
    subjects = await raw.fetch("SELECT subject FROM email_outbox WHERE kind = 'restock' ORDER BY id")
    assert [row["subject"] for row in subjects] == ["'Emma' is back in stock", "'Dune' is back in stock"]
    assert await told(raw) == {"notified": 2, "mails": 2, "notices": 2}


async def test_a_restock_that_fails_tells_nobody(live: Shop, raw: asyncpg.Connection):
    """Seen: with a COMMIT before the notices are written, the pre-booking was notified and the mail queued."""
    admin, book = await live.admin(), await live.book(stock_quantity=0)
    await wait_for(live, await live.person(), book)
    await raw.execute("ALTER TABLE notices ADD CONSTRAINT none CHECK (false)")
    assert_problem(await restock(live, admin, book), 500, "INTERNAL_ERROR")
    assert await told(raw) == {"waiting": 1, "mails": 0, "notices": 0}
    assert await raw.fetchval("SELECT stock_quantity FROM books") == 0


async def test_a_booking_that_is_cancelled_in_the_same_instant_is_one_or_the_other(
    live: Shop, raw: asyncpg.Connection
):
    """The cancellation comes first and the restock waits for it: nobody is told.

    Seen: the status in the WHERE of `notify`; the reader was told of a book they no longer waited for.
    """
    person, admin, book = await live.person(), await live.admin(), await live.book(stock_quantity=0)
    booking = await wait_for(live, person, book)
    async with raw.transaction():
        await raw.execute("UPDATE pre_bookings SET status = 'cancelled', cancelled_at = now()")
        restocking = begin(restock(live, admin, book))
        again = begin(cancel(live, person, booking))
        await blocked(raw, restocking, again)
    assert (await restocking).status_code == 201
    assert_problem(await again, 409, "PREBOOK_ALREADY_CANCELLED", "prebook_id")
    assert await told(raw) == {"cancelled": 1, "mails": 0, "notices": 0}


async def test_a_cancellation_behind_the_notice_keeps_its_time(live: Shop, raw: asyncpg.Connection):
    person, admin, book = await live.person(), await live.admin(), await live.book(stock_quantity=0)
    booking = await wait_for(live, person, book)
    async with raw.transaction():
        await raw.execute("LOCK TABLE notices IN SHARE MODE")
        restocking = begin(restock(live, admin, book))
        await blocked(raw, restocking)
        cancelling = begin(cancel(live, person, booking))
        await blocked(raw, restocking, cancelling)
    assert (await restocking).status_code == 201
    assert (await cancelling).status_code == 204
    row = await raw.fetchrow("SELECT status::text, notified_at <= cancelled_at AS told FROM pre_bookings")
    assert tuple(row) == ("cancelled", True)


async def test_of_simultaneous_bookings_of_one_reader_one_counts(live: Shop):
    person, book = await live.person(), await live.book(stock_quantity=0)
    answers = await asyncio.gather(*(book_ahead(live, person, book) for _ in range(6)))
    assert outcomes(answers) == {"201": 1, "PREBOOK_DUPLICATE": 5}


async def test_the_unique_key_alone_keeps_bookings_apart(live: Shop, raw: asyncpg.Connection):
    """A row that another client wrote without the lock of the book. Seen (500): ON CONFLICT in `add`."""
    person, book = await live.person(), await live.book(stock_quantity=0)
    async with raw.transaction():
        await raw.execute("INSERT INTO pre_bookings (user_id, book_id) VALUES ($1, $2)", person.id, book)
        booking = begin(book_ahead(live, person, book))
        await blocked(raw, booking)
    assert_problem(await booking, 409, "PREBOOK_DUPLICATE", "book_id")


async def test_of_simultaneous_cancellations_one_counts(live: Shop):
    """Seen (204 for all): the status in the WHERE of `cancel`."""
    person = await live.person()
    booking = await wait_for(live, person, await live.book(stock_quantity=0))
    answers = await asyncio.gather(*(cancel(live, person, booking) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409, 409]


async def test_a_book_deleted_in_the_same_instant_is_not_found(live: Shop, raw: asyncpg.Connection):
    person, book = await live.person(), await live.book(stock_quantity=0)
    async with raw.transaction():
        await raw.execute("DELETE FROM books WHERE id = $1", book)
        booking = begin(book_ahead(live, person, book))
        await blocked(raw, booking)
    assert_problem(await booking, 404, "BOOK_NOT_FOUND", "book_id")


async def test_a_booking_is_never_older_than_the_restock_it_waited_for(live: Shop, raw: asyncpg.Connection):
    """A restock and a sell-out happen while the booking waits: it is younger than both, and waits for the next.

    Seen: the time of the statement in `add`; by the time of its transaction the booking looked passed over.
    """
    person, book = await live.person(), await live.book(stock_quantity=0)
    async with raw.transaction():
        await raw.execute("SELECT FROM books FOR UPDATE")
        booking = begin(book_ahead(live, person, book))
        await blocked(raw, booking)
        for delta, after in ((1, 1), (-1, 0)):
            await raw.execute(
                "INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, created_at) "
                "VALUES ($1, 'A Book', $2, $3, 'set', clock_timestamp())",
                book,
                delta,
                after,
            )
    assert (await booking).status_code == 201
    assert await sound(live, raw)
