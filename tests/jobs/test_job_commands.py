"""`bookstore jobs`: what waits, what was given up, and another try."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.command import bookstore_here


@pytest.fixture
def run(database_url: str, tmp_path: Path):
    async def run(*words: str) -> tuple[int, str]:
        settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
        done = await asyncio.to_thread(bookstore_here, "jobs", *words, **settings)
        return done.returncode, done.stdout + done.stderr

    return run


async def test_jobs_are_listed_and_dead_ones_queued_again(raw: asyncpg.Connection, run):
    dead = await raw.fetchval(
        "INSERT INTO jobs (kind, status, attempts, last_error) VALUES ('import', 'dead', 1, '[bold]No') RETURNING id"
    )
    waiting = await raw.fetchval("INSERT INTO jobs (kind) VALUES ('housekeeping') RETURNING id")
    code, said = await run("list")
    assert code == 0
    assert "[bold]No" in said
    assert "housekeeping" in said
    assert "Jobs: 2." in said
    code, said = await run("list", "--status", "dead")
    assert "housekeeping" not in said
    assert "Jobs that are dead: 1." in said
    code, said = await run("requeue", str(dead), str(waiting))
    assert code == 1
    assert "Jobs queued again: 1." in said
    assert f"Not a dead job: {waiting}." in said
    assert await raw.fetchval("SELECT (status, attempts) = ('pending', 0) FROM jobs WHERE id = $1", dead)
    event = await raw.fetchrow("SELECT action, subject_id, actor_user_id FROM audit_events")
    assert tuple(event) == ("job.requeued", dead, None)


@pytest.mark.parametrize("words", [[], ["1", "--all"]])
async def test_requeue_wants_ids_or_all(run, words: list[str]):
    code, said = await run("requeue", *words)
    assert code == 1
    assert said.startswith("bookstore: Name the jobs")
