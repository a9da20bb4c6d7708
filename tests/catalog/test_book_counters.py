"""The number of books is kept beside them, whoever writes, and nobody waits for it."""

import asyncio

import asyncpg
import pytest

from app.admin.housekeeping import sweep
from app.catalog.search.counters import merge_book_counters
from tests.catalog.support import listed
from tests.support import Shop

STATE = "SELECT bit_xor(stamp) FROM book_counters"
COUNT = "SELECT coalesce(sum(delta), 0), (SELECT count(*) FROM books) FROM book_counters"


async def total(shop: Shop, **query: object) -> int:
    return (await listed(shop, **query))["total"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO books (title, author, price) SELECT 'T', 'A', 1 FROM generate_series(1, 7)",
        "INSERT INTO books (title, author, price, isbn) VALUES ('T', 'A', 1, 'one') ON CONFLICT DO NOTHING",
        "DELETE FROM books WHERE title = 'A Book'",
        "DELETE FROM books WHERE title = 'nothing'",
        "UPDATE books SET price = 2, title = title",
        "TRUNCATE books CASCADE",
        """
        MERGE INTO books USING (VALUES ('A Book'), ('New')) AS v (t) ON title = t
        WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (title, author, price) VALUES (t, 'A', 1)
        """,
    ],
)
async def test_the_number_is_true_however_books_are_written(shop: Shop, statement: str):
    await shop.book(isbn="one")
    await shop.book(title="Another")
    await shop.rows(statement)
    tallied, counted = (await shop.rows(COUNT))[0]
    assert tallied == counted == await total(shop)


async def test_what_is_not_sold_out_is_all_but_the_rest(shop: Shop):
    for stock in (0, 0, 3, 1, 5):
        await shop.book(stock_quantity=stock)
    assert await total(shop, in_stock="true") == 3
    assert await total(shop, in_stock="false") == 2
    assert await total(shop, in_stock="true", max_price="10") == 3


async def test_nobody_waits_for_a_book_that_is_being_added(live: Shop, raw: asyncpg.Connection):
    """Seen to fail with one counter in one row: the second insert waited for the first transaction."""
    async with raw.transaction():
        await raw.execute("INSERT INTO books (title, author, price) VALUES ('First', 'A', 1)")
        await asyncio.wait_for(live.book(), 5)
        assert await total(live) == 1
    assert await total(live) == 2


async def test_housekeeping_adds_the_counters_up(live: Shop):
    for _ in range(5):
        await live.book()
    assert await live.scalar("SELECT count(*) FROM book_counters") == 6
    assert await sweep(live.app.state.database, live.app.state.settings) == 0
    assert await live.rows("SELECT delta FROM book_counters") == [(5,)]
    assert await total(live) == 5


async def test_adding_up_loses_nothing_that_comes_meanwhile(live: Shop, raw: asyncpg.Connection):
    for _ in range(3):
        await live.book()
    adding = raw.transaction()
    await adding.start()
    await raw.execute("INSERT INTO books (title, author, price) VALUES ('Meanwhile', 'A', 1)")
    database = live.app.state.database
    await asyncio.gather(*(database.transaction(merge_book_counters) for _ in range(4)))
    await adding.commit()
    assert await total(live) == 4 == await live.scalar("SELECT count(*) FROM books")


@pytest.mark.parametrize(
    ("statement", "another"),
    [
        ("UPDATE books SET title = 'Other'", True),
        ("UPDATE books SET author = 'Other'", True),
        ("UPDATE books SET price = 3", True),
        ("UPDATE books SET genre_id = NULL", True),
        ("DELETE FROM books", True),
        ("INSERT INTO books (title, author, price) VALUES ('T', 'A', 1)", True),
        ("TRUNCATE books CASCADE", True),
        ("UPDATE books SET rating_sum = 0, description = 'New', updated_at = now()", False),
        ("UPDATE books SET stock_quantity = stock_quantity", False),
        ("DELETE FROM books WHERE title = 'nothing'", False),
    ],
)
async def test_the_state_is_another_when_what_books_are_found_by_is(shop: Shop, statement: str, another: bool):
    await shop.book()
    before = await shop.scalar(STATE)
    await shop.rows(statement)
    assert (await shop.scalar(STATE) != before) == another


async def test_adding_up_leaves_the_state_alone(live: Shop):
    for _ in range(3):
        await live.book()
    before = await live.scalar(STATE)
    assert await live.app.state.database.transaction(merge_book_counters) == 4
    assert await live.scalar(STATE) == before
