"""The functions of a checkout: each slice reads its own tables behind the lock of the cart."""

import asyncpg
import pytest

READS = {
    "bookstore_lock_cart": {"carts"},
    "bookstore_read_cart": {"cart_items", "books"},
    "bookstore_ended_payments": {"payment_attempts"},
    "bookstore_begin_checkout": {"idempotency_keys", "users"},
}
TABLES_IN = """
    SELECT array_agg(tablename::text) FROM pg_tables
    WHERE schemaname = 'public' AND (SELECT prosrc FROM pg_proc WHERE proname = $1) ~ ('\\m' || tablename || '\\M')
"""


@pytest.mark.parametrize(("function", "tables"), READS.items(), ids=READS)
async def test_a_slice_reads_its_own_tables_and_those_below(raw: asyncpg.Connection, function: str, tables: set[str]):
    """Seen to fail when the cart counted keys of orders and attempts of payments."""
    assert set(await raw.fetchval(TABLES_IN, function)) == tables
