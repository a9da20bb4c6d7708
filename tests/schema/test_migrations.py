"""The chain of migrations (contract, section 6)."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from alembic import command
from app.core.config import Settings
from app.core.db.engine import make_engine
from app.core.db.server import DatabaseUnusable, driver_url, refuse_outdated_schema
from app.main import create_app

CARTS, ORDERS, SNAPSHOTS, LEDGER = "b2c3d4e5f6a7", "d4e5f6a7b8c9", "e2f8a4b6c010", "a3b5c7d9e111"
BEFORE_MAIL_PREFERENCES = "d0e2f4a6b822"
COUNTED_BY_PURCHASE = "c2e4f6a8b042"
SLICE_BY_SLICE = "f8b0d2e4a648"
STORED_TOTALS = "e6a8c0d2f446"
RENAMED = "c2d4f6a8b060"
LEFT_AFTER_DOWNGRADE = """
    SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname = 'public' AND relkind IN ('r', 'S') AND relname <> 'alembic_version'
    UNION ALL SELECT typname FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname = 'public' AND typtype = 'e'
    UNION ALL SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
        WHERE nspname = 'public' AND proname LIKE 'bookstore%'
    UNION ALL SELECT extname FROM pg_extension WHERE extname IN ('pg_trgm', 'unaccent', 'btree_gist')
"""


@pytest.fixture
def alembic(project: Path, database_url: str) -> Config:
    config = Config(project / "alembic.ini")
    config.attributes["url"] = database_url
    return config


@pytest.fixture
def sql(database_url: str) -> Callable[[str], list[asyncpg.Record]]:
    async def fetch(statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(driver_url(database_url))
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    return lambda statement: asyncio.run(fetch(statement))


def test_the_chain_is_one_line_with_the_orders_after_the_carts(alembic: Config):
    scripts = ScriptDirectory.from_config(alembic)
    revisions = list(scripts.walk_revisions())
    assert len(scripts.get_heads()) == 1
    assert len(revisions) >= 15
    orders = scripts.get_revision(ORDERS)
    assert orders.down_revision == CARTS
    assert Path(orders.path).name == "d4e5f6a7b8c9_create_orders_and_order_items.py"


def test_downgrade_to_nothing_and_up_again(alembic: Config, sql):
    command.downgrade(alembic, "base")
    assert sql(LEFT_AFTER_DOWNGRADE) == []
    command.upgrade(alembic, "head")
    assert sql("SELECT count(*) FROM books")[0][0] == 0


def test_each_step_goes_up_down_and_up(alembic: Config):
    command.downgrade(alembic, "base")
    for _ in ScriptDirectory.from_config(alembic).walk_revisions():
        command.upgrade(alembic, "+1")
        command.downgrade(alembic, "-1")
        command.upgrade(alembic, "+1")


def test_autogenerate_finds_no_difference_to_the_models(alembic: Config):
    command.check(alembic)


def test_old_order_lines_get_their_snapshot_and_books_in_stock_their_opening(alembic: Config, sql):
    command.downgrade(alembic, ORDERS)
    sql("INSERT INTO users (email) VALUES ('a@example.com')")
    sql(
        "INSERT INTO books (title, author, price, isbn, stock_quantity) VALUES ('T', 'A', 5, '9780060512750', 3), ('U', 'B', 5, NULL, 0)"
    )
    sql("INSERT INTO orders (user_id) SELECT id FROM users")
    sql(
        "INSERT INTO order_items (order_id, book_id, quantity, unit_price) SELECT o.id, b.id, 2, 4.50 FROM orders o, books b"
    )
    command.upgrade(alembic, SNAPSHOTS)
    lines = sql("SELECT title, author, isbn FROM order_items ORDER BY title")
    assert [tuple(line) for line in lines] == [("T", "A", "9780060512750"), ("U", "B", None)]
    assert sql("SELECT currency, payment_reference FROM orders")[0] == ("USD", None)
    command.upgrade(alembic, LEDGER)
    movements = sql("SELECT book_title, delta, quantity_after, kind FROM stock_movements")
    assert [tuple(movement) for movement in movements] == [("T", 3, 3, "opening")]


def test_old_confirmations_find_their_orders(alembic: Config, sql):
    """A name or title cannot pass for the number of the order: both were escaped."""
    command.downgrade(alembic, BEFORE_MAIL_PREFERENCES)
    sql("INSERT INTO users (email) VALUES ('ann@example.com'), ('bob@example.com')")
    sql("INSERT INTO orders (user_id) SELECT id FROM users")
    mail = """
        INSERT INTO email_outbox (message_id, kind, recipient, subject, html, text)
        SELECT kind || told || email, kind, email, 'S',
               '<p>Hello &lt;strong&gt;no. 9, thank you for your order <strong>no. ' || told || '</strong>.', 'T'
        FROM (SELECT users.email, orders.id FROM users JOIN orders ON orders.user_id = users.id
              WHERE users.email = 'ann@example.com') AS ann
    """
    sql(
        f"{mail}, LATERAL (VALUES ('order_confirmation', id::text), ('order_confirmation', '999999'), "
        "('order_confirmation', '99999999999'), ('restock', id::text)) AS mails (kind, told)"
    )
    sql(
        f"{mail}, LATERAL (SELECT 'order_confirmation', id::text FROM orders WHERE id <> ann.id) AS mails (kind, told)"
    )
    command.upgrade(alembic, "head")
    told = sql("SELECT kind, order_id FROM email_outbox WHERE order_id IS NOT NULL")
    ann = "SELECT orders.id FROM orders JOIN users ON users.id = user_id WHERE users.email = 'ann@example.com'"
    assert [tuple(row) for row in told] == [("order_confirmation", sql(ann)[0][0])]
    assert sql("SELECT every(restock_mails) FROM users")[0][0]


def test_old_reviews_of_cancelled_purchases_leave_the_figures(alembic: Config, sql):
    """And are back after a downgrade. Seen to fail (2 reviews) without the statement that looks at the old ones."""
    command.downgrade(alembic, f"{COUNTED_BY_PURCHASE}-1")
    sql("INSERT INTO users (id, email) SELECT n, n || '@example.com' FROM generate_series(1, 3) AS n")
    sql("INSERT INTO books (id, title, author, price) VALUES (1, 'T', 'A', 5)")
    sql("INSERT INTO orders (user_id, status) VALUES (1, 'cancelled'), (2, 'cancelled'), (2, 'confirmed')")
    sql("INSERT INTO order_items (order_id, book_id, quantity, unit_price) SELECT id, 1, 1, 5 FROM orders")
    sql("INSERT INTO reviews (user_id, book_id, rating, updated_at) SELECT id, 1, id, '2026-01-01' FROM users")
    figures = "SELECT rating_sum, rating_count FROM books"
    assert tuple(sql(figures)[0]) == (6, 3)
    command.upgrade(alembic, COUNTED_BY_PURCHASE)
    assert tuple(sql(figures)[0]) == (5, 2)
    assert [row[0] for row in sql("SELECT user_id FROM reviews WHERE counts ORDER BY id")] == [2, 3]
    assert sql("SELECT max(updated_at)::date::text FROM reviews")[0][0] == "2026-01-01"
    command.downgrade(alembic, f"{COUNTED_BY_PURCHASE}-1")
    assert tuple(sql(figures)[0]) == (6, 3)


def test_the_cart_is_locked_after_a_downgrade_as_it_was_before(alembic: Config, sql):
    """And the functions that are there instead know their own tables, and those of slices below."""
    command.downgrade(alembic, f"{SLICE_BY_SLICE}-1")
    functions = "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'bookstore%cart%' ORDER BY proname"
    before = [tuple(row) for row in sql(functions)]
    assert sum("idempotency_keys" in source for _, source in before) == 1
    command.upgrade(alembic, SLICE_BY_SLICE)
    command.downgrade(alembic, f"{SLICE_BY_SLICE}-1")
    assert [tuple(row) for row in sql(functions)] == before


def test_what_was_renamed_gets_its_old_names_back(alembic: Config, sql):
    """Seen to fail with the columns of `bookstore_ended_payments` taken for those of carts."""
    everything = """
        SELECT pg_get_functiondef(oid) AS text FROM pg_proc WHERE proname LIKE 'bookstore%'
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid::regclass::text !~ '^pg_'
        UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        UNION ALL SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT relname FROM pg_class WHERE relkind = 'S'
        ORDER BY text
    """
    command.downgrade(alembic, "base")
    command.upgrade(alembic, f"{RENAMED}-1")
    before = [row["text"] for row in sql(everything)]
    assert any("sales_tallies" in text for text in before)
    command.upgrade(alembic, RENAMED)
    assert not any(
        word in text for row in sql(everything) for word in ("tall", "turn integer") if (text := row["text"])
    )
    command.downgrade(alembic, f"{RENAMED}-1")
    assert [row["text"] for row in sql(everything)] == before


def test_old_orders_get_their_totals(alembic: Config, sql):
    """And what triggers keep of orders is as it was, on the way back as well."""
    command.downgrade(alembic, f"{STORED_TOTALS}-1")
    sql("INSERT INTO users (email) VALUES ('a@example.com')")
    sql("INSERT INTO books (title, author, price) VALUES ('T', 'A', 5)")
    sql(
        "INSERT INTO orders (user_id, status) SELECT id, status FROM users, unnest(enum_range(NULL::orderstatus)) AS status"
    )
    sql("INSERT INTO orders (user_id) SELECT id FROM users")  # without lines
    lines = "INSERT INTO order_items (order_id, book_id, quantity, unit_price) SELECT o.id, b.id, {} FROM orders o, books b"
    sql(f"{lines.format('3, 0.10')} WHERE o.id < 4")
    sql(f"{lines.format('2, 19.99')} WHERE o.id = 1")
    sold = "SELECT sum(orders), sum(copies), sum(revenue) FROM sales_tallies"
    entries = "SELECT count(*) FROM sales_tallies"
    before, written = sql(sold)[0], sql(entries)[0][0]
    assert tuple(before) == (2, 5, Decimal("40.28"))

    command.upgrade(alembic, STORED_TOTALS)
    totals = "SELECT items_total, discount_total, delivery_total, tax_total, grand_total FROM orders ORDER BY id"
    assert [tuple(row) for row in sql(totals)] == [
        (total, 0, 0, 0, total) for total in map(Decimal, ("40.28", "0.30", "0.30", "0"))
    ]
    assert [row[0] for row in sql("SELECT line_total FROM order_items WHERE order_id = 1 ORDER BY id")] == [
        Decimal("0.30"),
        Decimal("39.98"),
    ]
    assert (sql(sold)[0], sql(entries)[0][0]) == (before, written)
    sql("UPDATE orders SET status = 'cancelled' WHERE id = 1")
    assert tuple(sql(sold)[0]) == (1, 0, 0)

    command.downgrade(alembic, f"{STORED_TOTALS}-1")
    sql("UPDATE orders SET status = 'confirmed' WHERE id = 1")
    sql(f"{lines.format('1, 1')} WHERE o.id = 1")
    assert tuple(sql(sold)[0]) == (2, 6, Decimal("41.28"))


def test_accounts_without_password_survive_a_downgrade_but_cannot_sign_in(alembic: Config, sql):
    sql("INSERT INTO users (email) VALUES ('oauth@example.com')")
    command.downgrade(alembic, "a1c0e5d7f901")
    assert sql("SELECT hashed_password FROM users")[0][0] == "!"


async def test_the_shop_refuses_an_outdated_schema(database_url: str, settings: Settings, raw: asyncpg.Connection):
    await raw.execute("UPDATE alembic_version SET version_num = $1", ORDERS)
    engine = make_engine(database_url, settings)
    with pytest.raises(DatabaseUnusable, match=r"d4e5f6a7b8c9.*bookstore migrate"):
        await refuse_outdated_schema(engine)
    await engine.dispose()
    app = create_app(settings.model_copy(update={"database_url": database_url}))
    with pytest.raises(DatabaseUnusable):
        async with app.router.lifespan_context(app):
            pass


async def test_the_shop_starts_on_the_newest_schema(database_url: str, settings: Settings):
    app = create_app(settings.model_copy(update={"database_url": database_url}))
    async with app.router.lifespan_context(app):
        assert app.state.database
