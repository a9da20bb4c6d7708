"""What the hourly housekeeping deletes, and what it leaves (contract, section 6)."""

import asyncpg
import pytest

from app.accounts import token_repository
from app.admin import housekeeping
from app.admin.housekeeping import sweep
from app.core import rate_limit
from app.core.config import Settings
from app.core.db.transaction import Database
from app.mail import repository
from tests.mail.support import queue
from tests.support import Shop


@pytest.fixture
async def aged(raw: asyncpg.Connection, live: Shop) -> None:
    """One row of each kind that has had its time, and one that has not."""
    person = await live.person()
    for name, age in (("old", "31 days"), ("young", "29 days")):
        for status in ("sent", "suppressed", "dead", "pending"):
            await queue(raw, status=status, subject=f"{name} {status}")
        await raw.execute(
            f"UPDATE email_outbox SET created_at = now() - interval '{age}' WHERE subject LIKE '{name} %'"
        )
    await raw.execute("UPDATE email_outbox SET sent_at = created_at WHERE status = 'sent'")
    for name, expiry in (("old", "now()"), ("young", "now() + interval '1 minute'")):
        await raw.execute(
            f"INSERT INTO idempotency_keys (user_id, key, request_hash, response_status, response_body, expires_at) "
            f"VALUES ($1, '{name}', 'x', 201, '', {expiry})",
            person.id,
        )
        await raw.execute(
            f"INSERT INTO refresh_tokens (token_hash, token_family, user_id, expires_at, session_expires_at) "
            f"VALUES ('{name}', gen_random_uuid(), $1, {expiry}, now())",
            person.id,
        )
        await raw.execute(
            f"INSERT INTO account_links (user_id, purpose, token_hash, expires_at) "
            f"VALUES ($1, 'verify_email', '{name}', {expiry})",
            person.id,
        )
    await raw.execute("INSERT INTO rate_limits VALUES ('old', now() - interval '2 hours', 1), ('young', now(), 1)")


@pytest.mark.usefixtures("aged")
async def test_what_has_had_its_time_is_deleted_and_nothing_else(
    raw: asyncpg.Connection, database: Database, settings: Settings
):
    assert await sweep(database, settings) == 6
    mails = await raw.fetch("SELECT subject FROM email_outbox ORDER BY id")
    assert [mail["subject"] for mail in mails] == [
        "old dead",
        "old pending",
        "young sent",
        "young suppressed",
        "young dead",
        "young pending",
    ]
    for query in ("SELECT key FROM idempotency_keys", "SELECT bucket FROM rate_limits"):
        assert [tuple(row) for row in await raw.fetch(query)] == [("young",)]
    for table in ("refresh_tokens", "account_links"):
        kept = await raw.fetch(f"SELECT token_hash FROM {table}")
        assert [row["token_hash"].strip() for row in kept] == ["young"]
    assert await sweep(database, settings) == 0


async def test_a_mail_that_was_sent_late_is_kept_for_thirty_days_from_then(
    raw: asyncpg.Connection, database: Database, settings: Settings
):
    await queue(raw, status="sent")
    await raw.execute("UPDATE email_outbox SET created_at = now() - interval '40 days', sent_at = now()")
    assert await sweep(database, settings) == 0


@pytest.mark.usefixtures("aged")
async def test_many_rows_go_in_batches(
    raw: asyncpg.Connection, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail when all tokens, links or counters went in one statement, which has a time limit."""
    for module, name in (
        (repository, "PURGE_BATCH"),
        (token_repository, "PURGE_BATCH"),
        (rate_limit, "PURGE_BATCH"),
        (housekeeping, "BATCH"),
    ):
        monkeypatch.setattr(module, name, 1)
    person = await raw.fetchval("SELECT min(id) FROM users")
    tokens = "refresh_tokens (token_hash, token_family, user_id, expires_at, session_expires_at)"
    for row in (
        f"{tokens} SELECT 'more' || n, gen_random_uuid(), $1, now(), now()",
        "account_links (user_id, purpose, token_hash, expires_at) SELECT $1, 'verify_email', 'more' || n, now()",
        "rate_limits SELECT 'more' || n || ($1::int - $1::int), now() - interval '2 hours', 1",
    ):
        await raw.execute(f"INSERT INTO {row} FROM generate_series(1, 2) n", person)
    for purge in (
        lambda session: token_repository.RefreshTokenRepository(session).purge(),
        lambda session: token_repository.LinkRepository(session).purge(),
        rate_limit.purge_windows,
    ):
        assert await database.transaction(purge) == 1
    assert await sweep(database, settings) == 6 + 6 - 3


@pytest.mark.usefixtures("aged")
async def test_rows_at_work_elsewhere_are_left_for_the_next_time(
    raw: asyncpg.Connection, database: Database, settings: Settings
):
    """Seen to fail without SKIP LOCKED: the sweep waits for the rows until its lock timeout."""
    async with raw.transaction():
        for table in ("idempotency_keys", "email_outbox", "refresh_tokens", "account_links", "rate_limits"):
            await raw.execute(f"SELECT FROM {table} FOR UPDATE")
        assert await sweep(database, settings) == 0
    assert await sweep(database, settings) == 6
