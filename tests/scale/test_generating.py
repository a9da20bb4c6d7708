"""The generator of a large shop, at the size of a small one."""

import asyncpg
import pytest

from app.core.db.server import driver_url
from app.verify.service import verify_patiently
from benchmarks.generating.__main__ import fill
from tests.support import Shop

DIGEST = """
    SELECT md5(string_agg(concat(title, author, price, isbn, stock_quantity, rating_sum), ',' ORDER BY id)) FROM books
    UNION ALL
    SELECT md5(string_agg(concat(user_id, book_id, quantity, unit_price), ',' ORDER BY order_items.id))
    FROM order_items JOIN orders ON orders.id = order_id
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
FOREIGN_KEYS = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1"


async def test_a_generated_shop_keeps_the_laws_and_its_schema(live: Shop, raw: asyncpg.Connection, database_url: str):
    before = [await raw.fetch(INDEXES), await raw.fetch(FOREIGN_KEYS)]
    await fill(driver_url(database_url), books=500, orders=600, users=200)
    verification = await verify_patiently(live.app.state.database)
    assert [law.name for law in verification.laws if not law.ok] == []
    assert [await raw.fetch(INDEXES), await raw.fetch(FOREIGN_KEYS)] == before
    counts = await raw.fetchrow("""
        SELECT (SELECT count(*) FROM books), (SELECT count(*) FROM orders), (SELECT count(*) FROM users),
               (SELECT count(*) FROM reviews) > 50, (SELECT count(DISTINCT status) FROM orders),
               (SELECT count(*) FROM email_outbox) > 10, (SELECT count(*) FROM audit_events) > 50,
               (SELECT bool_and(enabled) FROM (SELECT tgenabled = 'O' AS enabled FROM pg_trigger) AS triggers)
    """)
    assert tuple(counts) == (500, 600, 200, True, 3, True, True, True)


async def test_some_books_sell_far_better_and_some_readers_buy_far_more(raw: asyncpg.Connection, database_url: str):
    await fill(driver_url(database_url), books=500, orders=600, users=200)
    for column, table in (("book_id", "order_items"), ("user_id", "orders")):
        most, usual = await raw.fetchrow(
            f"SELECT max(n), avg(n) FROM (SELECT count(*) AS n FROM {table} GROUP BY {column}) AS counts"
        )
        assert most > 5 * usual


async def test_two_runs_give_the_same_shop(raw: asyncpg.Connection, database_url: str):
    digests = []
    for _ in range(2):
        await fill(driver_url(database_url), books=200, orders=200, users=100)
        digests.append(await raw.fetch(DIGEST))
        await raw.execute("TRUNCATE users, books, genres, orders RESTART IDENTITY CASCADE")
    assert digests[0] == digests[1]


async def test_a_shop_that_has_something_is_left_alone(live: Shop, raw: asyncpg.Connection, database_url: str):
    await live.book()
    with pytest.raises(SystemExit, match="give an empty one"):
        await fill(driver_url(database_url), books=200, orders=200, users=100)
    assert await raw.fetchval("SELECT count(*) FROM books") == 1
