"""The lists of a user run along an index, in the order they are shown in."""

import asyncpg
import pytest

from tests.support import Shop

PLANS = {
    "SELECT * FROM notices WHERE user_id = 1 ORDER BY id DESC LIMIT 51": "ix_notices_user_id_id",
    "SELECT * FROM notices WHERE user_id = 1 AND id < 9 ORDER BY id DESC LIMIT 51": "ix_notices_user_id_id",
    "SELECT count(*) FROM notices WHERE user_id = 1 AND read_at IS NULL": "ix_notices_user_id_id_unread",
    "SELECT id FROM notices WHERE read_at < now() - interval '90 days'": "ix_notices_read_at",
    "SELECT * FROM wishlist_items WHERE user_id = 1 ORDER BY added_at DESC, id DESC": "ix_wishlist_items_user_id_added_at_id",
    "SELECT * FROM pre_bookings WHERE user_id = 1 ORDER BY created_at DESC, id DESC": "ix_pre_bookings_user_id",
    "SELECT * FROM pre_bookings WHERE book_id = 1 AND status = 'waiting'": "ix_pre_bookings_book_id_waiting",
}


@pytest.fixture
async def crowded(live: Shop, raw: asyncpg.Connection) -> asyncpg.Connection:
    """200 readers with 100 rows each."""
    await raw.execute("""
        INSERT INTO users (email) SELECT n || '@example.com' FROM generate_series(1, 200) n;
        INSERT INTO books (title, author, price) SELECT 'T' || n, 'A', 1 FROM generate_series(1, 100) n;
        INSERT INTO wishlist_items (user_id, book_id) SELECT u.id, b.id FROM users u, books b;
        INSERT INTO pre_bookings (user_id, book_id, status)
        SELECT u.id, b.id, CASE WHEN random() < 0.1 THEN 'waiting' ELSE 'notified' END::prebookstatus
        FROM users u, books b;
        INSERT INTO notices (user_id, kind, title, body, path, read_at)
        SELECT u.id, 'restock', 'T', 'B', '/', CASE WHEN random() < 0.9 THEN now() - random() * interval '91 days' END
        FROM users u, books b;
        ANALYZE;
    """)
    return raw


async def test_every_list_has_its_index(crowded: asyncpg.Connection):
    for query, index in PLANS.items():
        plan = "\n".join(row[0] for row in await crowded.fetch(f"EXPLAIN {query}"))
        assert index in plan, plan
        assert "Seq Scan" not in plan, plan
        assert "LIMIT" not in query or "Sort" not in plan, plan
