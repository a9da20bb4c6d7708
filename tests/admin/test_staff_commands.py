"""`bookstore create-admin`, `promote`, `demote`, and what the other commands leave in the audit trail."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.command import bookstore_here
from tests.mail.support import queue

TRAIL = "SELECT action, subject_id, before, after FROM audit_events WHERE actor_user_id IS NULL ORDER BY id"


@pytest.fixture
def run(database_url: str, tmp_path: Path):
    async def run(*words: str | Path, **variables: str) -> tuple[int, str]:
        settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)} | variables
        done = await asyncio.to_thread(bookstore_here, *words, **settings)
        return done.returncode, done.stdout + done.stderr

    return run


async def trail(raw: asyncpg.Connection) -> list[tuple[Any, ...]]:
    rows = await raw.fetch(TRAIL)
    return [
        (row["action"], row["subject_id"], *(row[name] and json.loads(row[name]) for name in ("before", "after")))
        for row in rows
    ]


async def test_administrators_are_made_and_unmade_but_for_the_last(raw: asyncpg.Connection, run):
    ann = await raw.fetchval("INSERT INTO users (email) VALUES ('ann@example.com') RETURNING id")
    code, said = await run("create-admin", "Boss@example.com", BOOKSTORE_ADMIN_PASSWORD="a long password")
    assert (code, said) == (0, "boss@example.com is an administrator now.\n")
    boss = await raw.fetchval("SELECT id FROM users WHERE email = 'boss@example.com'")
    code, said = await run("demote", "boss@example.com")
    assert code == 1
    assert said == (
        "bookstore: This is the only administrator. Make another one before you take this one's role away.\n"
    )
    assert await run("promote", "ANN@example.com") == (0, "ann@example.com is an administrator now.\n")
    assert await run("demote", "boss@example.com") == (0, "boss@example.com is no administrator now.\n")
    assert await raw.fetchval("SELECT array_agg(id) FROM users WHERE role = 'ADMIN'") == [ann]
    assert await trail(raw) == [
        ("user.created", boss, None, {"email": "boss@example.com", "role": "admin"}),
        ("user.promoted", ann, {"role": "user"}, {"role": "admin"}),
        ("user.demoted", boss, {"role": "admin"}, {"role": "user"}),
    ]
    events = await raw.fetch("SELECT kind, user_id, network, detail FROM security_events ORDER BY id")
    assert [tuple(event) for event in events] == [
        ("account_created", boss, None, '{"by": "operator"}'),
        ("account_promoted", ann, None, '{"by": "operator"}'),
        ("account_demoted", boss, None, '{"by": "operator"}'),
    ]


async def test_an_account_that_is_made_an_administrator_with_a_new_password(raw: asyncpg.Connection, run):
    insertion = "INSERT INTO users (email, is_active) VALUES ('ann@example.com', false) RETURNING id"
    ann = await raw.fetchval(insertion)
    await run("create-admin", "ann@example.com", BOOKSTORE_ADMIN_PASSWORD="a long password")
    before = {"role": "user", "is_active": False}
    after = {"role": "admin", "is_active": True, "password": "set anew"}
    assert await trail(raw) == [("user.made_admin", ann, before, after)]
    assert "a long password" not in str(await raw.fetch("SELECT * FROM audit_events"))


@pytest.mark.parametrize("password", ["password1", "boss.of.it", "ＰＡＳＳＷＯＲＤ", "short"])
async def test_an_administrator_has_no_password_that_is_guessed_first(raw: asyncpg.Connection, run, password: str):
    """Seen to fail with `refuse_common` taken out of `create_admin`."""
    code, said = await run("create-admin", "boss.of.it@example.com", BOOKSTORE_ADMIN_PASSWORD=password)
    assert code == 1
    assert said.startswith("bookstore: The password cannot be used: ")
    assert len(said.splitlines()) == 1
    assert await raw.fetchval("SELECT count(*) FROM users") == 0


async def test_links_for_a_reset_are_void_once_an_administrator_is_made(raw: asyncpg.Connection, run):
    """Seen to fail with `void` taken out of `make_admin`."""
    await raw.execute("""
        INSERT INTO users (email) VALUES ('ann@example.com');
        INSERT INTO account_links (user_id, purpose, token_hash, expires_at)
        SELECT id, 'reset_password', 'x', now() + interval '1 hour' FROM users
    """)
    assert (await run("create-admin", "ann@example.com", BOOKSTORE_ADMIN_PASSWORD="a long password"))[0] == 0
    assert await raw.fetchval("SELECT count(*) FROM account_links") == 0


@pytest.mark.parametrize("command", ["promote", "demote"])
@pytest.mark.parametrize(
    ("address", "words"), [("nobody@example.com", "There is no account"), ("nobody", "The email cannot be used")]
)
async def test_an_address_that_is_nobodys_or_none(run, command: str, address: str, words: str):
    code, said = await run(command, address)
    assert code == 1
    assert said.startswith(f"bookstore: {words}")
    assert len(said.splitlines()) == 1


async def test_mails_that_are_queued_again_leave_a_row_each(raw: asyncpg.Connection, run):
    mails = await queue(raw, 2, status="dead", attempts=8)
    assert (await run("outbox", "requeue", "--all"))[0] == 0
    assert (await run("outbox", "requeue", "--all"))[0] == 0
    assert await trail(raw) == [("mail.requeued", mail, {"status": "dead"}, {"status": "pending"}) for mail in mails]


async def test_an_import_leaves_its_counts_and_nothing_where_nothing_changed(
    raw: asyncpg.Connection, run, tmp_path: Path
):
    table = tmp_path / "two.csv"
    table.write_text("title,author,price\nOne,Somebody,1.50\nTwo,Somebody,2\n", encoding="utf-8")
    assert (await run("import", table, "--dry-run"))[0] == 0
    assert await trail(raw) == []
    for _ in range(2):
        assert (await run("import", table))[0] == 0
    stored = ("import.stored", None, None)
    assert await trail(raw) == [(*stored, {"file": "two.csv", "created": 2, "updated": 0})]
    table.write_text("title,author,price\nOne,Somebody,1.50\nTwo,Somebody,3\n", encoding="utf-8")
    assert (await run("import", table))[0] == 0
    assert (await trail(raw))[1] == (*stored, {"file": "two.csv", "created": 0, "updated": 1})


async def test_the_demo_catalogue_leaves_a_row_once(raw: asyncpg.Connection, run):
    for _ in range(2):
        assert (await run("seed"))[0] == 0
    [(action, _, _, after)] = await trail(raw)
    assert (action, after["created"]) == ("import.stored", await raw.fetchval("SELECT count(*) FROM books"))
