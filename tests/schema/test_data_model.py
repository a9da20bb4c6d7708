"""Tables, defaults and constraints (contract, section 6), asked of the database itself."""

from decimal import Decimal

import asyncpg
import pytest

BOOK = "INSERT INTO books (title, author, price) VALUES ('T', 'A', 1) RETURNING id"
USER = "INSERT INTO users (email) VALUES ('Reader@Example.com') RETURNING id"


async def made(raw: asyncpg.Connection) -> dict[str, int]:
    """One row of each table, each with nothing but what an insert needs."""
    ids = {"user": await raw.fetchval(USER), "book": await raw.fetchval(BOOK)}
    ids["genre"] = await raw.fetchval("INSERT INTO genres (name) VALUES ('G') RETURNING id")
    ids["order"] = await raw.fetchval("INSERT INTO orders (user_id) VALUES ($1) RETURNING id", ids["user"])
    ids["item"] = await raw.fetchval(
        "INSERT INTO order_items (order_id, book_id, quantity, unit_price) VALUES ($1, $2, 1, 2.50) RETURNING id",
        ids["order"],
        ids["book"],
    )
    ids["review"] = await raw.fetchval(
        "INSERT INTO reviews (user_id, book_id, rating) VALUES ($1, $2, 4) RETURNING id", ids["user"], ids["book"]
    )
    return ids


async def test_an_insert_needs_only_what_has_no_default(raw: asyncpg.Connection):
    await made(raw)
    user = await raw.fetchrow("SELECT role, is_active, hashed_password, created_at FROM users")
    assert (user["role"], user["is_active"], user["hashed_password"]) == ("USER", True, None)
    assert user["created_at"].tzinfo
    order = await raw.fetchrow("SELECT status, currency, payment_reference FROM orders")
    assert tuple(order) == ("confirmed", "USD", None)
    totals = await raw.fetchrow(
        "SELECT items_total, discount_total, delivery_total, tax_total, grand_total, line_total"
        " FROM orders JOIN order_items ON order_id = orders.id"
    )
    assert tuple(totals) == (Decimal("2.50"), 0, 0, 0, Decimal("2.50"), Decimal("2.50"))


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE books SET price = 0", "ck_books_price_positive"),
        ("UPDATE books SET stock_quantity = -1", "ck_books_stock_not_negative"),
        ("INSERT INTO users (email) VALUES ('READER@example.COM')", "uq_users_email_lower"),
        ("INSERT INTO genres (name) VALUES ('G')", "uq_genres_name"),
        ("UPDATE order_items SET quantity = 0", "ck_order_items_quantity_positive"),
        ("UPDATE order_items SET unit_price = -0.01", "ck_order_items_unit_price_not_negative"),
        ("UPDATE orders SET discount_total = -1, grand_total = 3.50", "ck_orders_totals_not_negative"),
        ("UPDATE orders SET delivery_total = -1, grand_total = 1.50", "ck_orders_totals_not_negative"),
        ("UPDATE orders SET tax_total = -1", "ck_orders_totals_not_negative"),
        ("UPDATE orders SET discount_total = 3, grand_total = -0.50", "ck_orders_totals_not_negative"),
        ("UPDATE orders SET items_total = -1, delivery_total = 1, grand_total = 0", "ck_orders_totals_not_negative"),
        ("UPDATE orders SET grand_total = 2.51", "ck_orders_totals_add_up"),
        ("UPDATE orders SET tax_total = 1, grand_total = 3.49", "ck_orders_totals_add_up"),
        ("UPDATE reviews SET rating = 6", "ck_reviews_rating_range"),
        (
            "INSERT INTO reviews (user_id, book_id, rating) SELECT user_id, book_id, 1 FROM reviews",
            "uq_reviews_user_id_book_id_live",
        ),
        (
            "INSERT INTO stock_movements (book_title, delta, quantity_after, kind) VALUES ('T', 0, 0, 'set')",
            "ck_stock_movements_delta_not_zero",
        ),
        (
            "INSERT INTO stock_movements (book_title, delta, quantity_after, kind) VALUES ('T', 1, 1, 'gift')",
            "ck_stock_movements_kind",
        ),
        (
            "INSERT INTO stock_movements (book_title, delta, quantity_after, kind) VALUES ('T', -2, -1, 'set')",
            "ck_stock_movements_quantity_after_not_negative",
        ),
        ("UPDATE books SET genre_id = 99", "fk_books_genre_id_genres"),
    ],
)
async def test_the_database_holds_the_law(raw: asyncpg.Connection, statement: str, constraint: str):
    await made(raw)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await raw.execute(statement)
    assert refusal.value.constraint_name == constraint


async def test_a_book_has_one_line_in_a_cart_and_one_sale_in_an_order(raw: asyncpg.Connection):
    ids = await made(raw)
    cart = await raw.fetchval("INSERT INTO carts (user_id) VALUES ($1) RETURNING id", ids["user"])
    line = "INSERT INTO cart_items (cart_id, book_id) VALUES ($1, $2)"
    await raw.execute(line, cart, ids["book"])
    with pytest.raises(asyncpg.UniqueViolationError):
        await raw.execute(line, cart, ids["book"])
    with pytest.raises(asyncpg.UniqueViolationError):
        await raw.execute("INSERT INTO carts (user_id) VALUES ($1)", ids["user"])
    sale = """INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind, order_id)
              VALUES ($1, 'T', -1, 0, 'sale', $2)"""
    await raw.execute(sale, ids["book"], ids["order"])
    with pytest.raises(asyncpg.UniqueViolationError):
        await raw.execute(sale, ids["book"], ids["order"])


async def test_the_ledger_is_append_only(raw: asyncpg.Connection):
    await raw.execute("INSERT INTO books (title, author, price, stock_quantity) VALUES ('T', 'A', 1, 5)")
    assert await raw.fetchval("SELECT kind FROM stock_movements") == "opening"
    for statement in (
        "UPDATE stock_movements SET delta = 4",
        "UPDATE stock_movements SET book_id = NULL",
        "DELETE FROM stock_movements",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await raw.execute(statement)
    await raw.execute("DELETE FROM books")
    assert await raw.fetchrow("SELECT book_id, book_title, delta FROM stock_movements") == (None, "T", 5)


async def test_a_deleted_book_leaves_order_lines_and_takes_the_rest(raw: asyncpg.Connection):
    ids = await made(raw)
    await raw.execute("INSERT INTO wishlist_items (user_id, book_id) VALUES ($1, $2)", ids["user"], ids["book"])
    await raw.execute("INSERT INTO pre_bookings (user_id, book_id) VALUES ($1, $2)", ids["user"], ids["book"])
    await raw.execute("DELETE FROM books WHERE id = $1", ids["book"])
    assert await raw.fetchval("SELECT book_id FROM order_items WHERE id = $1", ids["item"]) is None
    for table in ("wishlist_items", "pre_bookings", "reviews"):
        assert await raw.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_figures_of_reviews_follow_every_write(raw: asyncpg.Connection):
    async def figures() -> tuple[int, int]:
        return tuple(await raw.fetchrow("SELECT rating_sum, rating_count FROM books"))

    ids = await made(raw)
    assert await figures() == (4, 1)
    await raw.execute("UPDATE reviews SET rating = 2")
    assert await figures() == (2, 1)
    await raw.execute("UPDATE reviews SET deleted_at = now()")
    assert await figures() == (0, 0)
    await raw.execute("UPDATE reviews SET deleted_at = NULL, rating = 5")
    assert await figures() == (5, 1)
    await raw.execute("DELETE FROM users WHERE id = $1", ids["user"])
    assert await figures() == (0, 0)


async def test_updated_at_is_refreshed_on_update(raw: asyncpg.Connection):
    await made(raw)
    await raw.execute("UPDATE books SET title = 'New'")
    assert await raw.fetchval("SELECT updated_at > created_at FROM books")
    await raw.execute("UPDATE reviews SET text = 'New'")
    assert await raw.fetchval("SELECT updated_at > created_at FROM reviews")
