"""What an hour of confirmed orders comes to is kept beside them, whoever writes."""

import asyncio

import asyncpg
import pytest

from app.orders.best_sellers import merge_sales_counters
from tests.support import Shop

HOUR = "SELECT coalesce(sum(orders), 0), coalesce(sum(copies), 0), coalesce(sum(revenue), 0) FROM sales_counters"
DIFFERENCES = """
    SELECT hour FROM (
        SELECT hour, orders, copies, revenue FROM sales_counters
        UNION ALL SELECT date_trunc('hour', created_at), -1, 0, 0 FROM orders WHERE status = 'confirmed'
        UNION ALL SELECT date_trunc('hour', created_at), 0, -quantity, -quantity * unit_price
        FROM orders JOIN order_items ON order_id = orders.id WHERE status = 'confirmed'
    ) both_ways
    GROUP BY hour HAVING sum(orders) <> 0 OR sum(copies) <> 0 OR sum(revenue) <> 0
"""
PLACE = """
    INSERT INTO orders (user_id, status, created_at)
    SELECT id, status, now() - interval '1 hour' * hours
    FROM users, generate_series(0, 2) AS hours, unnest(ARRAY['confirmed', 'payment_failed']::orderstatus[]) AS status
"""
SELL = """
    INSERT INTO order_items (order_id, book_id, quantity, unit_price)
    SELECT orders.id, books.id, 2, 3.50 FROM orders, books
"""


async def three_orders(shop: Shop) -> None:
    """An order in each of three hours, of two copies of either book; and as many whose payment failed."""
    for _ in range(2):
        await shop.book()
    for statement in ("INSERT INTO users (email) VALUES ('tally@example.com')", PLACE, SELL):
        await shop.rows(statement)


@pytest.mark.parametrize(
    ("statement", "figures"),
    [
        ("SELECT 1", (3, 12, 42)),
        ("UPDATE orders SET status = 'cancelled' WHERE status = 'confirmed'", (0, 0, 0)),
        ("UPDATE orders SET status = 'confirmed'", (6, 24, 84)),
        ("UPDATE orders SET created_at = created_at - interval '7 hours'", (3, 12, 42)),
        ("UPDATE orders SET payment_reference = 'other'", (3, 12, 42)),
        ("UPDATE order_items SET quantity = 3", (3, 18, 63)),
        ("UPDATE order_items SET unit_price = 1", (3, 12, 12)),
        ("DELETE FROM order_items", (3, 0, 0)),
        ("DELETE FROM orders", (0, 0, 0)),
        ("DELETE FROM users", (3, 12, 42)),
        ("DELETE FROM books", (3, 12, 42)),
        ("TRUNCATE order_items", (3, 0, 0)),
        ("TRUNCATE orders CASCADE", (0, 0, 0)),
    ],
)
async def test_the_counters_are_true_however_orders_are_written(
    shop: Shop, statement: str, figures: tuple[int, int, int]
):
    """Seen to fail without the trigger of each."""
    await three_orders(shop)
    await shop.rows(statement)
    assert await shop.rows(DIFFERENCES) == []
    assert (await shop.rows(HOUR))[0] == figures


async def test_adding_up_loses_nothing_that_comes_meanwhile(live: Shop, raw: asyncpg.Connection):
    await three_orders(live)
    async with raw.transaction():
        await raw.execute("UPDATE orders SET status = 'cancelled' WHERE id = (SELECT min(id) FROM orders)")
        added_up = await asyncio.gather(
            *(live.app.state.database.transaction(merge_sales_counters) for _ in range(3))
        )
        assert max(added_up) == 6
    assert await live.rows(DIFFERENCES) == []
    assert (await live.rows(HOUR))[0] == (2, 8, 28)
    assert await live.app.state.database.transaction(merge_sales_counters) == 2
    assert await live.app.state.database.transaction(merge_sales_counters) == 0
    assert (await live.rows(HOUR))[0] == (2, 8, 28)
    assert await live.rows(DIFFERENCES) == []
