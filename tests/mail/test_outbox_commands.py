"""`bookstore outbox`: what was given up, and another try."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.command import bookstore_here
from tests.mail.support import queue, state


@pytest.fixture
def run(database_url: str, tmp_path: Path):
    async def run(*words: str) -> tuple[int, str]:
        settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
        done = await asyncio.to_thread(bookstore_here, "outbox", *words, **settings)
        return done.returncode, done.stdout + done.stderr

    return run


async def test_dead_mails_are_listed_with_their_reason(raw: asyncpg.Connection, run):
    await queue(raw, status="dead", attempts=8, last_error="550 [bold]No such mailbox", recipient="ann@example.com")
    await queue(raw, recipient="bob@example.com")
    code, said = await run("list")
    assert code == 0
    assert "550 [bold]No such mailbox" in said
    assert "ann@example.com" in said
    assert "bob@example.com" not in said
    assert "Mails that are dead: 1." in said
    assert "bob@example.com" in (await run("list", "--status", "pending"))[1]


async def test_named_mails_are_queued_again_and_those_that_are_not_dead_are_named(raw: asyncpg.Connection, run):
    dead, other = await queue(raw, 2, status="dead", attempts=8)
    [sent] = await queue(raw, status="sent")
    code, said = await run("requeue", str(dead), str(sent))
    assert code == 1
    assert "Mails queued again: 1." in said
    assert f"Not a dead mail: {sent}." in said
    assert [(await state(raw, mail))["status"] for mail in (dead, other, sent)] == ["pending", "dead", "sent"]


async def test_all_dead_mails_are_queued_again(raw: asyncpg.Connection, run):
    await queue(raw, 3, status="dead", attempts=8)
    assert await run("requeue", "--all") == (0, "Mails queued again: 3.\n")
    assert await raw.fetchval("SELECT count(*) FROM email_outbox WHERE status = 'pending' AND attempts = 0") == 3


@pytest.mark.parametrize("words", [[], ["1", "--all"]])
async def test_requeue_wants_ids_or_all(run, words: list[str]):
    code, said = await run("requeue", *words)
    assert code == 1
    assert said.startswith("bookstore: Name the mails")
