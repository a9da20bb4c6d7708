"""Many buyers, few copies; and staff who change the book meanwhile."""

import asyncio
from decimal import Decimal
from itertools import cycle
from typing import Any

import asyncpg
from sqlalchemy import event

from tests.orders.support import state_of
from tests.races.support import LEDGER_GAPS, Till, begin, blocked, buyers, outcomes
from tests.support import Shop, assert_problem

LOCK_BOOK = "SELECT 1 FROM books WHERE id = $1 FOR UPDATE"


async def test_24_buyers_of_7_copies_make_7_orders(live: Shop, raw: asyncpg.Connection):
    """All 24 wait for the book before the first may go on.

    Without FOR UPDATE in `lock_books` they all read 7 copies: 17 answers were 500, from the CHECK constraint.
    """
    book = await live.book(stock_quantity=7)
    people = await buyers(live, book, 24)
    async with raw.transaction():
        await raw.execute(LOCK_BOOK, book)
        tasks = [begin(live.checkout(person)) for person in people]
        await blocked(raw, *tasks)
    answers = await asyncio.gather(*tasks)
    assert outcomes(answers) == {"201": 7, "ORDER_INSUFFICIENT_STOCK": 17}
    assert await live.scalar("SELECT stock_quantity FROM books") == 0
    assert await live.rows(LEDGER_GAPS) == []
    assert await live.rows("SELECT count(*), sum(quantity) FROM order_items") == [(7, 7)]
    assert await live.rows("SELECT count(*), sum(delta), min(quantity_after) FROM stock_movements") == [(8, 0, 0)]
    assert await live.scalar("SELECT count(*) FROM cart_items") == 17
    assert await live.scalar("SELECT count(*) FROM email_outbox") == 7


async def test_the_last_copy_has_one_buyer(live: Shop, till: Till, raw: asyncpg.Connection):
    """The second buyer comes while the first pays.

    Without FOR UPDATE in `lock_books` the second did not wait for the first but was paying as well.
    """
    book = await live.book(stock_quantity=1)
    first, second = await buyers(live, book, 2)
    till.hold()
    winner = begin(live.checkout(first))
    await till.reached.wait()
    loser = begin(live.checkout(second))
    await blocked(raw, loser)
    till.let_go()
    assert (await winner).status_code == 201
    problem = assert_problem(await loser, 409, "ORDER_INSUFFICIENT_STOCK")
    assert problem["items"] == [{"book_id": book, "title": "A Book", "requested": 1, "available": 0}]
    assert await live.scalar("SELECT stock_quantity FROM books") == 0
    assert len(till.asked) == 1


async def test_stock_read_before_the_lock_is_not_used(live: Shop, raw: asyncpg.Connection):
    """Seen to fail when checkout read the books without a lock first and calculated with that: it answered 500."""
    book = await live.book(stock_quantity=5)
    [person] = await buyers(live, book, 1, quantity=3)
    async with raw.transaction():
        await raw.execute("UPDATE books SET stock_quantity = 2 WHERE id = $1", book)
        task = begin(live.checkout(person))
        await blocked(raw, task)
    assert assert_problem(await task, 409, "ORDER_INSUFFICIENT_STOCK")["items"][0]["available"] == 2
    assert await live.scalar("SELECT stock_quantity FROM books") == 2


async def test_a_restock_before_the_lock_is_seen(live: Shop, raw: asyncpg.Connection):
    """Seen to fail as the test before: with the stock read first, the answer was 409."""
    book = await live.book(stock_quantity=1)
    [person] = await buyers(live, book, 1, quantity=3)
    async with raw.transaction():
        await raw.execute("UPDATE books SET stock_quantity = 5 WHERE id = $1", book)
        task = begin(live.checkout(person))
        await blocked(raw, task)
    assert (await task).status_code == 201
    assert await live.scalar("SELECT stock_quantity FROM books") == 2


async def test_the_price_under_the_lock_is_charged(live: Shop, raw: asyncpg.Connection):
    """Price, title and expected total are those of the edit that checkout waited for.

    Seen to fail when the price of the cart line, read before the lock, was used: the total was 20.00.
    """
    book = await live.book(price=Decimal("10.00"))
    person, careful = await buyers(live, book, 2, quantity=2)
    async with raw.transaction():
        await raw.execute("UPDATE books SET price = 12.50, title = 'Second edition' WHERE id = $1", book)
        tasks = [begin(live.checkout(person)), begin(live.checkout(careful, expected_total="20.00"))]
        await blocked(raw, *tasks)
    bought, refused = await asyncio.gather(*tasks)
    item = bought.json()["items"][0]
    assert (item["unit_price"], item["title"], bought.json()["total_price"]) == ("12.50", "Second edition", "25.00")
    problem = assert_problem(refused, 409, "ORDER_TOTAL_CHANGED", "expected_total")
    assert problem["current_total"] == "25.00"


async def test_a_book_deleted_under_the_buyers_hands_is_unavailable(live: Shop, raw: asyncpg.Connection):
    """The deletion precedes short stock in the order of steps; nothing else changes.

    Seen to fail without the check for books that have gone: the answer was 500.
    """
    gone, short = await live.book(), await live.book(stock_quantity=1)
    person, before = await live.person(), await state_of(live)
    for book in (gone, short):
        await live.add_to_cart(person, book, 2)
    async with raw.transaction():
        await raw.execute("DELETE FROM books WHERE id = $1", gone)
        task = begin(live.checkout(person, key="a", expected_total="0.01"))
        await blocked(raw, task)
    problem = assert_problem(await task, 409, "ORDER_ITEMS_UNAVAILABLE")
    assert problem["book_ids"] == [gone]
    assert (await state_of(live))[4:] == before[4:]
    assert await live.rows("SELECT book_id, quantity FROM cart_items") == [(short, 2)]
    again = await live.checkout(person, key="a", expected_total="0.01")
    assert (again.content, again.headers["idempotent-replayed"]) == ((await task).content, "true")


async def test_a_deletion_waits_for_the_sale_and_leaves_its_snapshot(
    live: Shop, till: Till, raw: asyncpg.Connection, database_url: str
):
    """Without FOR UPDATE the deletion did not wait, and the sale was answered 500."""
    book = await live.book(title="Rare", stock_quantity=1)
    [person] = await buyers(live, book, 1)
    till.hold()
    sale = begin(live.checkout(person))
    await till.reached.wait()
    deletion = asyncio.create_task(live.rows("DELETE FROM books WHERE id = :id", id=book))
    await blocked(raw, deletion)
    till.let_go()
    answer = await sale
    await deletion
    assert answer.status_code == 201
    kept = await live.client.get(f"/orders/{answer.json()['id']}", headers=person.headers)
    item = kept.json()["items"][0]
    assert (item["title"], item["book"], item["book_id"]) == ("Rare", None, None)


async def test_baskets_in_opposite_order_never_deadlock(live: Shop, raw: asyncpg.Connection):
    """Sixteen buyers of the same two books, every other one in the opposite order, against the same bolted door.

    Seen to fail when books were locked one by one in the order of the cart: eleven answers were 503.
    """
    books = [await live.book(stock_quantity=16) for _ in range(2)]
    people = [await live.person() for _ in range(16)]
    for person, order in zip(people, cycle((books, books[::-1])), strict=False):
        for book in order:
            await live.add_to_cart(person, book)
    failures: list[Any] = []
    engine = live.app.state.database.engine
    event.listen(engine.sync_engine, "handle_error", lambda context: failures.append(context.original_exception))
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM books ORDER BY id FOR UPDATE")
        tasks = [begin(live.checkout(person)) for person in people]
        await blocked(raw, *tasks)
    assert outcomes(await asyncio.gather(*tasks)) == {"201": 16}
    assert failures == []
    assert await live.rows("SELECT stock_quantity FROM books") == [(0,), (0,)]
    await live.app.state.database.aclose()
    assert await deadlocks(raw) == 0


async def test_books_are_locked_by_id_however_their_rows_lie(live: Shop, raw: asyncpg.Connection):
    """An update moves the first row behind the second. Seen to fail without ORDER BY: the second was locked first."""
    books = [await live.book() for _ in range(2)]
    person = await live.person()
    for book in books:
        await live.add_to_cart(person, book)
    await raw.execute("UPDATE books SET title = 'Moved' WHERE id = $1", books[0])
    await raw.execute("ANALYZE books")  # so that it is read as it lies, not by its index
    async with raw.transaction():
        await raw.execute(LOCK_BOOK, books[0])
        sale = begin(live.checkout(person))
        await blocked(raw, sale)
        await raw.execute(f"{LOCK_BOOK} NOWAIT", books[1])
    assert (await sale).status_code == 201


async def deadlocks(raw: asyncpg.Connection) -> int:
    """Deadlocks in this database so far; sessions report them when they end."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while await raw.fetchval(others):  # noqa: ASYNC110 - the event is in the server
        await asyncio.sleep(0.005)
    return int(await raw.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
