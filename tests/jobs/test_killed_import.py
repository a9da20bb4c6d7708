"""A worker process that is killed in the midst of an import, for real."""

import asyncio
import json
import signal
from pathlib import Path

import asyncpg

from app.admin.imports import IMPORT, Choices, ImportTask
from tests.mail.test_workers import worker_process
from tests.support import Shop

ROWS = 40_000
PATIENCE = 60
KEY = "0" * 32
NOBODY_AT_WORK = """
    count(*) = 0 FROM pg_stat_activity
    WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()
"""


def books() -> bytes:
    lines = (f"Title {number},An Author,{number % 90 + 1}.50,1" for number in range(ROWS))
    return "\n".join(("title,author,price,stock", *lines)).encode()


async def uploaded(raw: asyncpg.Connection, content: bytes) -> None:
    await raw.execute("INSERT INTO book_imports (key, file, total) VALUES ($1, 'b.csv', $2)", KEY, len(content))
    await raw.execute("INSERT INTO book_import_parts VALUES ($1, false, 0, $2)", KEY, content)


async def start(raw: asyncpg.Connection, staff_id: int) -> None:
    task = ImportTask(
        key=KEY, file="b.csv", actor_id=staff_id, actor_email="s@example.com", dry_run=False, choices=Choices()
    )
    await raw.execute("UPDATE book_imports SET stage = 'importing'")
    payload = json.dumps(task.model_dump(mode="json"))
    await raw.execute("INSERT INTO jobs (kind, key, payload) VALUES ($1, $1, $2)", IMPORT, payload)


async def until(raw: asyncpg.Connection, condition: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await raw.fetchval(f"SELECT {condition}"):  # noqa: ASYNC110 - rows of another process
            await asyncio.sleep(0.05)


async def test_it_is_interrupted_when_the_lease_ends_and_completed_when_told_so(
    raw: asyncpg.Connection, live: Shop, database_url: str, tmp_path: Path
):
    """What was stored stays; no book is there twice."""
    staff = await live.admin()
    await uploaded(raw, books())
    await start(raw, staff.id)
    async with worker_process(database_url, tmp_path, port=9) as process:
        await until(raw, "count(*) > 2000 AND (SELECT done > 0 FROM book_imports) FROM books")
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
    await until(raw, NOBODY_AT_WORK)
    stored = await raw.fetchval("SELECT count(*) FROM books")
    assert 0 < stored < ROWS
    assert await raw.fetchval("SELECT stage FROM book_imports") == "importing"
    assert await raw.fetchval("SELECT locked_until > now() FROM jobs WHERE kind = 'import'")
    await raw.execute("UPDATE jobs SET locked_until = now() WHERE kind = 'import'")
    async with worker_process(database_url, tmp_path, port=9):
        await until(raw, "stage = 'interrupted' FROM book_imports")
        await until(raw, "count(*) = 0 FROM jobs WHERE kind = 'import'")
        assert await raw.fetchval("SELECT count(*) FROM books") == stored
        await start(raw, staff.id)
        await until(raw, "stage = 'imported' FROM book_imports")
    assert await raw.fetchval("SELECT (count(*), count(DISTINCT title)) = ($1, $1) FROM books", ROWS)
    found = json.loads(await raw.fetchval("SELECT summary FROM book_imports"))
    assert (found["created"], found["unchanged"]) == (ROWS - stored, stored)
