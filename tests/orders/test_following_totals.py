"""Lines that are written by other hands than checkout's: totals that were true stay true."""

import asyncio
from decimal import Decimal

import asyncpg
import pytest

from tests.races.support import blocked
from tests.support import Shop

TOTALS = "SELECT items_total, grand_total FROM orders ORDER BY id"
ADD = "INSERT INTO order_items (order_id, quantity, unit_price) VALUES ($1, 1, $2)"


@pytest.fixture
async def orders(shop: Shop) -> list[int]:
    """Two orders of 7.00: two lines of 2 × 1.75, of two books. The second is delivered for 3.00."""
    for _ in range(2):
        await shop.book()
    await shop.rows("INSERT INTO users (email) VALUES ('a@example.com')")
    await shop.rows("INSERT INTO orders (user_id) SELECT id FROM users, generate_series(1, 2)")
    await shop.rows(
        "INSERT INTO order_items (order_id, book_id, quantity, unit_price)"
        " SELECT orders.id, books.id, 2, 1.75 FROM orders, books"
    )
    ids = [row[0] for row in await shop.rows("SELECT id FROM orders ORDER BY id")]
    await shop.rows(
        "UPDATE orders SET delivery_total = 3, grand_total = grand_total + 3 WHERE id = :second", second=ids[1]
    )
    assert await shop.rows(TOTALS) == [(7, 7), (7, 10)]
    return ids


@pytest.mark.parametrize(
    ("statement", "totals"),
    [
        ("SELECT 1", [(7, 7), (7, 10)]),
        ("UPDATE order_items SET quantity = 3", [("10.50", "10.50"), ("10.50", "13.50")]),
        ("UPDATE order_items SET unit_price = 0 WHERE order_id = {first}", [(0, 0), (7, 10)]),
        ("UPDATE order_items SET quantity = CASE book_id WHEN {book} THEN 1 ELSE 3 END", [(7, 7), (7, 10)]),
        ("UPDATE order_items SET order_id = {second} WHERE order_id = {first}", [(0, 0), (14, 17)]),
        ("DELETE FROM order_items WHERE book_id = {book}", [("3.50", "3.50"), ("3.50", "6.50")]),
        ("DELETE FROM order_items", [(0, 0), (0, 3)]),
        ("DELETE FROM books", [(7, 7), (7, 10)]),
        ("DELETE FROM orders WHERE id = {first}", [(7, 10)]),
        ("DELETE FROM users", [(7, 7), (7, 10)]),
        (
            "INSERT INTO order_items (order_id, quantity, unit_price) SELECT {first}, 2, n FROM generate_series(0, 3) n",
            [(19, 19), (7, 10)],
        ),
        ("INSERT INTO order_items (order_id, quantity, unit_price) VALUES ({first}, 1, 7)", [(14, 14), (7, 10)]),
    ],
)
async def test_totals_follow_their_lines(
    shop: Shop, orders: list[int], statement: str, totals: list[tuple[int | str, int | str]]
):
    """Seen to fail without the trigger of each event."""
    book = await shop.scalar("SELECT min(id) FROM books")
    await shop.rows(statement.format(first=orders[0], second=orders[1], book=book))
    assert await shop.rows(TOTALS) == [(Decimal(items), Decimal(grand)) for items, grand in totals]


async def test_an_order_that_comes_with_its_totals_keeps_them_while_its_lines_come(shop: Shop):
    """Seen to fail when what comes is added whatever the order says (7.00), or the lines win (2.00)."""
    await shop.rows("INSERT INTO users (email) VALUES ('a@example.com')")
    await shop.rows("INSERT INTO orders (user_id, items_total, grand_total) SELECT id, 5, 5 FROM users")
    for price, expected in ((2, 5), (2, 5), (1, 5)):
        await shop.rows(
            "INSERT INTO order_items (order_id, quantity, unit_price) SELECT id, 1, :price FROM orders", price=price
        )
        assert await shop.rows(TOTALS) == [(expected, expected)]


async def test_totals_that_were_wrong_are_not_made_to_look_right(shop: Shop, orders: list[int]):
    """Seen to fail (7.50) when totals are set to what the lines come to."""
    await shop.rows("UPDATE orders SET items_total = 9, grand_total = 9 WHERE id = :first", first=orders[0])
    await shop.rows(
        "INSERT INTO order_items (order_id, quantity, unit_price) VALUES (:first, 1, 0.50)", first=orders[0]
    )
    assert (await shop.rows(TOTALS))[0] == (9, 9)


async def test_two_who_add_lines_to_one_order_are_both_counted(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (1.00) when the row of the order is not locked before its lines are added up."""
    await raw.execute("INSERT INTO users (email) VALUES ('a@example.com')")
    order = await raw.fetchval("INSERT INTO orders (user_id) SELECT id FROM users RETURNING id")
    async with raw.transaction():
        await raw.execute(ADD, order, 1)
        adding = "INSERT INTO order_items (order_id, quantity, unit_price) VALUES (:order, 1, 2)"
        other = asyncio.create_task(live.rows(adding, order=order))
        await blocked(raw, other)
    await asyncio.gather(other)
    assert await live.rows(TOTALS) == [(3, 3)]
