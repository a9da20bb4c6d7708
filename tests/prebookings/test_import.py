"""An import that lifts a stock from 0 tells those who wait, as staff would, in the transaction of its batch."""

import asyncio
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from app.admin.restock import tells_waiting
from app.catalog.importer import ImportFailed, ImportOptions, ImportReport, import_csv
from tests.command import bookstore
from tests.prebookings.support import TOLD_TWICE_OR_NEVER, book_ahead, restock, sell_last_copy, told, wait_for
from tests.races.support import begin, blocked
from tests.support import Shop

ONE_EACH = {"notified": 1, "mails": 1, "notices": 1}


@pytest.fixture
def dsn(database_url: str) -> str:
    return database_url.replace("+asyncpg", "")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "books.csv"
    path.write_text("title,author,price,stock\nEmma,Austen,9,3\nDune,Herbert,9,4\nKept,X,9,8\nNew,X,9,1\n")
    return path


async def load(shop: Shop, dsn: str, table: Path, cache: int = 100, **options: object) -> ImportReport:
    connect = partial(asyncpg.connect, dsn, statement_cache_size=cache)
    hook = tells_waiting(shop.app.state.outbox)
    return await import_csv(connect, table, ImportOptions(**options), restocked=hook)  # type: ignore[arg-type]


async def sold_out(shop: Shop) -> list[int]:
    return [
        await shop.book(title=title, author=author, stock_quantity=stock)
        for title, author, stock in (("Emma", "Austen", 0), ("Dune", "Herbert", 0), ("Kept", "X", 7))
    ]


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("cache", [0, 100])
async def test_who_waits_is_told_and_a_second_run_tells_nobody(
    live: Shop, raw: asyncpg.Connection, dsn: str, table: Path, batch: int, cache: int
):
    """`cache` 0 is how a pooler in transaction mode is spoken to."""
    emma, dune, _ = await sold_out(live)
    ann, bob, gone = await live.person(), await live.person(), await live.person()
    for person, book in ((ann, emma), (bob, emma), (ann, dune), (gone, dune)):
        await wait_for(live, person, book)
    await raw.execute("UPDATE users SET is_active = false WHERE id = $1", gone.id)
    for _ in range(2):
        await load(live, dsn, table, cache, batch_size=batch)
        assert await told(raw) == {"notified": 4, "mails": 3, "notices": 3}
    mails = await raw.fetch("SELECT recipient, subject FROM email_outbox ORDER BY id")
    assert [tuple(mail) for mail in mails] == [
        (ann.email, "'Emma' is back in stock"),
        (bob.email, "'Emma' is back in stock"),
        (ann.email, "'Dune' is back in stock"),
    ]


async def test_a_dry_run_tells_nobody(live: Shop, raw: asyncpg.Connection, dsn: str, table: Path):
    """Seen to fail with a COMMIT of its own in `session_within`."""
    emma, *_ = await sold_out(live)
    await wait_for(live, await live.person(), emma)
    await load(live, dsn, table, dry_run=True)
    assert await told(raw) == {"waiting": 1, "mails": 0, "notices": 0}


async def test_a_batch_that_fails_tells_nobody(live: Shop, raw: asyncpg.Connection, dsn: str, table: Path):
    """The word goes out before the batch fails, and is taken back with it; the report is the importer's own."""
    emma, *_ = await sold_out(live)
    await wait_for(live, await live.person(), emma)
    await raw.execute("ALTER TABLE books ADD CONSTRAINT few CHECK (title <> 'New')")
    with pytest.raises(ImportFailed, match="after 0 rows were stored"):
        await load(live, dsn, table)
    assert await told(raw) == {"waiting": 1, "mails": 0, "notices": 0}


async def test_word_that_cannot_be_written_fails_the_batch_in_a_sentence(
    live: Shop, raw: asyncpg.Connection, dsn: str, table: Path
):
    """Seen to fail (an error of SQLAlchemy) without the translation in `session_within`."""
    emma, *_ = await sold_out(live)
    await wait_for(live, await live.person(), emma)
    await raw.execute("ALTER TABLE notices ADD CONSTRAINT none CHECK (false)")
    with pytest.raises(ImportFailed, match=r'after 0 rows were stored .*"none"'):
        await load(live, dsn, table)
    await raw.execute("ALTER TABLE notices DROP CONSTRAINT none")
    assert await told(raw) == {"waiting": 1, "mails": 0, "notices": 0}
    await load(live, dsn, table)
    assert await told(raw) == ONE_EACH


async def test_a_deadlock_while_telling_costs_the_batch_a_second_try(
    live: Shop, raw: asyncpg.Connection, dsn: str, table: Path
):
    """Seen to fail (ImportFailed) without the translation in `session_within`."""
    emma, dune, _ = await sold_out(live)
    await wait_for(live, await live.person(), emma)
    await raw.execute("SET deadlock_timeout = '1min'")  # so that the import is the one to give way
    async with raw.transaction():
        await raw.execute("SELECT FROM pre_bookings FOR UPDATE")
        task = asyncio.create_task(load(live, dsn, table))
        await blocked(raw, task)
        await raw.execute("SELECT FROM books WHERE id = $1 FOR UPDATE", dune)
    assert (await task).updated == 3
    assert await told(raw) == ONE_EACH


async def test_a_database_that_goes_away_while_telling_is_told_in_a_sentence(
    live: Shop, raw: asyncpg.Connection, dsn: str, table: Path
):
    emma, *_ = await sold_out(live)
    await wait_for(live, await live.person(), emma)
    async with raw.transaction():
        await raw.execute("SELECT FROM pre_bookings FOR UPDATE")
        task = asyncio.create_task(load(live, dsn, table))
        await blocked(raw, task)
        await raw.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        with pytest.raises(ImportFailed, match="The database was lost after 0 rows"):
            await task
    assert await told(raw) == {"waiting": 1, "mails": 0, "notices": 0}


async def test_a_booking_behind_the_import_is_refused_one_before_it_is_told(
    live: Shop, raw: asyncpg.Connection, dsn: str, table: Path
):
    emma, *_ = await sold_out(live)
    await wait_for(live, await live.person(), emma)
    async with raw.transaction():
        await raw.execute("LOCK TABLE notices IN SHARE MODE")
        task = asyncio.create_task(load(live, dsn, table))
        await blocked(raw, task)
        late = begin(book_ahead(live, await live.person(), emma))
        delivery = begin(restock(live, await live.admin(), emma))
        await blocked(raw, task, late, delivery)
    await task
    assert (await late).json()["code"] == "PREBOOK_BOOK_IN_STOCK"
    assert (await delivery).status_code == 201
    assert await told(raw) == ONE_EACH
    assert await raw.fetch(TOLD_TWICE_OR_NEVER) == []


async def test_copies_that_were_sold_while_the_import_waited_are_told_of(
    live: Shop, raw: asyncpg.Connection, dsn: str, table: Path
):
    """Seen to fail without FOR UPDATE in the importer: nobody was told."""
    person, book = await live.person(), await live.book(title="Emma", author="Austen", stock_quantity=1)
    async with raw.transaction():
        await sell_last_copy(raw, person, book)
        task = asyncio.create_task(load(live, dsn, table))
        await blocked(raw, task)
    await task
    assert await told(raw) == ONE_EACH


async def test_the_command_tells_those_who_wait(
    live: Shop, raw: asyncpg.Connection, database_url: str, table: Path, tmp_path: Path
):
    """Seen to fail without the hook in the command."""
    emma, *_ = await sold_out(live)
    await wait_for(live, await live.person(), emma)
    settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path), "PUBLIC_BASE_URL": "https://b.example"}
    done = await asyncio.to_thread(bookstore, "import", table, **settings)
    assert done.returncode == 0, done.stderr
    assert await told(raw) == ONE_EACH
    assert f'href="https://b.example/shop/books/{emma}"' in await raw.fetchval("SELECT html FROM email_outbox")
