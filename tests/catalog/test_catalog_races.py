"""Staff at work while the book sells: no sale is lost, no answer is a 5xx, the ledger adds up."""

import asyncio
from collections.abc import Awaitable

import asyncpg
from httpx2 import Response

from tests.catalog.support import adjust, change, create, delete, set_stock
from tests.support import Shop, assert_problem

# Not pg_stat_activity: a transaction sees that as it was when first asked.
WAITERS = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"


async def behind(raw: asyncpg.Connection, *requests: Awaitable[Response]) -> list[asyncio.Task[Response]]:
    """The requests under way, each waiting for a lock that `raw` holds."""
    tasks = [asyncio.ensure_future(request) for request in requests]
    while await raw.fetchval(WAITERS) < len(tasks):
        assert not any(task.done() for task in tasks), [task.result() for task in tasks if task.done()]
        await asyncio.sleep(0.01)
    return tasks


async def balanced(shop: Shop) -> bool:
    """Whether every stock is the sum of its movements, and every movement follows from the one before."""
    query = """
        SELECT bool_and(b.stock_quantity = coalesce(m.total, 0) AND m.steady IS NOT FALSE)
        FROM books b LEFT JOIN (
            SELECT book_id, sum(delta) AS total, bool_and(quantity_after = before + delta) AS steady
            FROM (SELECT *, sum(delta) OVER (PARTITION BY book_id ORDER BY id) - delta AS before
                  FROM stock_movements) steps
            GROUP BY book_id
        ) m ON m.book_id = b.id
    """
    return await shop.scalar(query)


async def test_a_change_of_a_book_that_is_being_sold_loses_no_sale(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (a stock of 10) with the stock that was read before among the columns written."""
    admin, book = await live.admin(), await live.book(stock_quantity=10)
    async with raw.transaction():
        await raw.execute("UPDATE books SET stock_quantity = 7 WHERE id = $1", book)
        (putting,) = await behind(raw, change(live, admin, book, title="New"))
    answer = await putting
    assert (answer.status_code, answer.json()["title"], answer.json()["stock_quantity"]) == (200, "New", 7)


async def test_a_book_is_removed_with_what_the_last_sale_left(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (a removal of 10) with FOR UPDATE taken out."""
    admin, book = await live.admin(), await live.book(stock_quantity=10)
    async with raw.transaction():
        await raw.execute("UPDATE books SET stock_quantity = 7 WHERE id = $1", book)
        (deleting,) = await behind(raw, delete(live, admin, book))
    assert (await deleting).status_code == 204
    assert await live.scalar("SELECT delta FROM stock_movements WHERE kind = 'removal'") == -7


async def test_a_book_that_goes_meanwhile_is_404_for_whoever_waited(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (500) with the answer for a vanished row taken out of the change."""
    admin, book = await live.admin(), await live.book()
    async with raw.transaction():
        await raw.execute("DELETE FROM books WHERE id = $1", book)
        waiting = await behind(
            raw,
            change(live, admin, book, title="New"),
            delete(live, admin, book),
            set_stock(live, admin, book, 3),
            adjust(live, admin, book, 3),
        )
    for answer in await asyncio.gather(*waiting):
        assert_problem(answer, 404, "BOOK_NOT_FOUND", "book_id")


async def test_stock_is_judged_by_what_is_there_once_the_lock_is_held(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (500, a stock below nothing) with FOR UPDATE taken out."""
    admin, book, other = await live.admin(), await live.book(stock_quantity=10), await live.book(stock_quantity=10)
    async with raw.transaction():
        await raw.execute("UPDATE books SET stock_quantity = 2")
        adjusting, setting = await behind(raw, adjust(live, admin, book, -5), set_stock(live, admin, other, 4))
    body = assert_problem(await adjusting, 409, "STOCK_OUT_OF_RANGE", "delta")
    assert body["current_quantity"] == 2
    assert (await setting).status_code == 200
    assert await live.scalar("SELECT delta FROM stock_movements WHERE kind = 'set'") == 2


async def test_simultaneous_adjustments_all_count(live: Shop):
    """Seen to fail (each makes it 1) with FOR UPDATE taken out and the delta added to the stock that was read."""
    admin, book = await live.admin(), await live.book(stock_quantity=0)
    answers = await asyncio.gather(*(adjust(live, admin, book, 1) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(answer.json()["quantity_after"] for answer in answers) == list(range(1, 21))
    assert await balanced(live)


async def test_simultaneous_restocks_send_one_mail(live: Shop):
    """Seen to fail (several mails) with the status taken out of the conditions of the notice."""
    admin, book, person = await live.admin(), await live.book(stock_quantity=0), await live.person()
    await live.rows("INSERT INTO pre_bookings (user_id, book_id) VALUES (:user, :book)", user=person.id, book=book)
    await asyncio.gather(
        *(adjust(live, admin, book, 1) for _ in range(5)), *(set_stock(live, admin, book, 0) for _ in range(5))
    )
    assert await live.scalar("SELECT count(*) FROM email_outbox") == 1
    assert await balanced(live)


async def test_staff_and_buyers_at_once_lose_nothing(live: Shop):
    """Seen to fail (a removal that does not close the ledger) with FOR UPDATE taken out of the removal."""
    admin = await live.admin()
    books = [await live.book(stock_quantity=50) for _ in range(3)]
    doomed = await live.book(stock_quantity=50)
    buyers = [await live.person() for _ in range(12)]
    for number, buyer in enumerate(buyers):
        for book in [*books, doomed] if number % 2 else [doomed, *books[::-1]]:
            await live.add_to_cart(buyer, book)
    answers = await asyncio.gather(
        *(live.checkout(buyer) for buyer in buyers),
        *(change(live, admin, book, title=f"New {book}", price="2.00") for book in books for _ in range(3)),
        *(adjust(live, admin, book, 1) for book in books for _ in range(3)),
        delete(live, admin, doomed),
        delete(live, admin, doomed),
        *(create(live, admin) for _ in range(3)),
    )
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    sold = sum(answer.status_code == 201 for answer in answers[: len(buyers)])
    assert await live.rows("SELECT DISTINCT stock_quantity FROM books WHERE title LIKE 'New%'") == [(53 - sold,)]
    assert await live.scalar("SELECT sum(delta) FROM stock_movements WHERE book_id IS NULL") == 0
    assert await balanced(live)
