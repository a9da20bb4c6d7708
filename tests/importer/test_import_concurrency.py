"""Imports beside the running shop, beside one another, and cut short. Real connections and real processes."""

import asyncio
import subprocess
import sys
from decimal import Decimal

import asyncpg
import pytest

from app.catalog.importer import ImportFailed
from tests.importer.support import counts, isbn13

CRASHING = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from app.catalog.importer import ImportOptions, import_csv

async def restocked(connection, book_ids):
    os._exit(9)  # inside the third batch, its books written and not committed

asyncio.run(
    import_csv(lambda: asyncpg.connect(sys.argv[1]), Path(sys.argv[2]), ImportOptions(batch_size=50), None, restocked)
)
"""


async def waiting(connection: asyncpg.Connection) -> None:
    """Returns once another session waits for a lock. pg_locks is live, pg_stat_activity stands still in a transaction."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    while not await connection.fetchval(query):  # noqa: ASYNC110 - the event is in the server
        await asyncio.sleep(0.01)


@pytest.fixture
async def shopper(catalogue):
    connection = await catalogue.connect()
    yield connection
    await connection.close()


async def test_a_crash_leaves_whole_batches_and_a_second_run_completes(catalogue):
    await catalogue.load("title,author,price,stock\nT120,A,1,0\n")
    rows = "".join(f"T{number},A,1,1\n" for number in range(200))
    path = catalogue.write("title,author,price,stock\n" + rows, "big.csv")
    command = [sys.executable, "-c", CRASHING, catalogue.dsn, str(path)]
    crashed = await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True)
    assert crashed.returncode == 9, crashed.stderr
    assert await catalogue.fetch("SELECT count(*), sum(stock_quantity) FROM books") == [(101, 100)]
    assert counts(await catalogue.load(path)) == (99, 1, 100, 0)


async def test_a_sale_during_the_import_is_not_undone(catalogue, shopper):
    """Checkout holds the book, the import waits and must calculate with what checkout left."""
    await catalogue.load("title,author,price,stock\nA,X,1,5\n")
    sale = shopper.transaction()
    await sale.start()
    await shopper.execute("SELECT id FROM books FOR UPDATE")
    task = asyncio.create_task(catalogue.load("title,author,price,stock\nA,X,2,9\n"))
    await waiting(shopper)
    await shopper.execute("UPDATE books SET stock_quantity = 3")
    await shopper.execute(
        "INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind) VALUES (1, 'A', -2, 3, 'sale')"
    )
    await sale.commit()
    assert counts(await task) == (0, 1, 0, 0)
    assert await catalogue.fetch("SELECT stock_quantity, (SELECT sum(delta) FROM stock_movements) FROM books") == [
        (9, 9)
    ]


async def test_a_file_without_stock_keeps_the_stock_sold_meanwhile(catalogue, shopper):
    await catalogue.load("title,author,price,stock\nA,X,1,5\n")
    async with shopper.transaction():
        await shopper.execute("UPDATE books SET stock_quantity = stock_quantity - 1")
        task = asyncio.create_task(catalogue.load("title,author,price\nA,X,2\n", default_stock=7))
        await waiting(shopper)
    await task
    assert await catalogue.books("price, stock_quantity") == [(Decimal("2.00"), 4)]


async def test_a_book_removed_meanwhile_is_created_again(catalogue, shopper):
    await catalogue.load("title,author,price\nA,X,1\n")
    async with shopper.transaction():
        await shopper.execute("DELETE FROM books")
        task = asyncio.create_task(catalogue.load("title,author,price\nA,X,2\n"))
        await waiting(shopper)
    assert counts(await task) == (1, 0, 0, 0)
    assert await catalogue.books("price") == [(Decimal("2.00"),)]


async def test_a_book_created_meanwhile_is_updated(catalogue, shopper):
    async with shopper.transaction():
        await shopper.execute("INSERT INTO books (title, author, price, isbn) VALUES ('A', 'X', 1, $1)", isbn13(1))
        task = asyncio.create_task(catalogue.load(f"title,author,price,isbn\nA,X,2,{isbn13(1)}\n"))
        await waiting(shopper)
    assert counts(await task) == (0, 1, 0, 0)
    assert await catalogue.books("price") == [(Decimal("2.00"),)]


async def test_a_deadlock_costs_a_batch_a_second_try(catalogue, shopper):
    await catalogue.load("title,author,price\nA,X,1\nB,X,1\n")
    await shopper.execute("SET deadlock_timeout = '1min'")  # so that the import is the one to give way
    async with shopper.transaction():
        await shopper.execute("SELECT id FROM books WHERE title = 'B' FOR UPDATE")
        task = asyncio.create_task(catalogue.load("title,author,price\nB,X,2\nA,X,2\n"))
        await waiting(shopper)
        await shopper.execute("SELECT id FROM books WHERE title = 'A' FOR UPDATE")
    assert counts(await task) == (0, 2, 0, 0)


async def test_books_are_locked_in_ascending_order(catalogue, shopper):
    """With 2 held by somebody else, the import holds 1 and not yet 3, though the file names them the other way."""
    await catalogue.load("title,author,price\nA,X,1\nB,X,1\nC,X,1\n")
    async with shopper.transaction():
        await shopper.execute("SELECT id FROM books WHERE id = 2 FOR UPDATE")
        task = asyncio.create_task(catalogue.load("title,author,price\nC,X,2\nB,X,2\nA,X,2\n"))
        await waiting(shopper)
        free = await shopper.fetch("SELECT id FROM books WHERE id <> 2 FOR UPDATE SKIP LOCKED")
    assert [record["id"] for record in free] == [3]
    await task


async def test_two_imports_at_once_create_a_book_without_isbn_once(catalogue):
    """The second import starts inside the first one's transaction, just before that creates the book."""
    await catalogue.load("title,author,price,stock\nA,X,1,0\n")
    second_path = catalogue.write("title,author,price\nNew,X,1\n", "second.csv")
    second = []

    async def restocked(connection, book_ids):
        second.append(asyncio.create_task(catalogue.load(second_path)))
        turn = asyncio.create_task(waiting(connection))
        await asyncio.wait([second[0], turn], return_when=asyncio.FIRST_COMPLETED)
        turn.cancel()

    first = await catalogue.load("title,author,price,stock\nA,X,1,5\nNew,X,1,0\n", restocked)
    assert counts(first) == (1, 1, 0, 0)
    assert counts(await second[0]) == (0, 0, 1, 0)


async def test_two_imports_of_one_file_at_once_create_each_book_once(catalogue):
    rows = "".join(f"T{number},A,1,{isbn13(number) if number % 2 else ''}\n" for number in range(300))
    path = catalogue.write("title,author,price,isbn\n" + rows)
    first, second = await asyncio.gather(catalogue.load(path, batch_size=20), catalogue.load(path, batch_size=20))
    assert first.created + second.created == 300
    assert await catalogue.fetch("SELECT count(*) FROM books") == [(300,)]


async def test_books_that_do_not_change_are_not_locked(catalogue, shopper):
    await catalogue.load("title,author,price\nA,X,1\n")
    async with shopper.transaction():
        await shopper.execute("SELECT id FROM books FOR UPDATE")
        assert counts(await catalogue.load("title,author,price\nA,X,1\nB,X,1\n")) == (1, 0, 1, 0)


async def test_a_database_that_goes_away_is_told_in_a_sentence(catalogue):
    await catalogue.load("title,author,price,stock\nT3,A,1,0\n")

    async def restocked(connection, book_ids):
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        await catalogue.execute("SELECT pg_terminate_backend($1)", pid)
        await connection.fetchval("SELECT 1")

    path = catalogue.write("title,author,price,stock\n" + "".join(f"T{n},A,1,1\n" for n in range(5)))
    with pytest.raises(ImportFailed, match=r"lost after 2 rows .* run the same import again") as failure:
        await catalogue.load(path, restocked, batch_size=2)
    assert "rollback" not in str(failure.value)
    assert counts(await catalogue.load(path)) == (2, 1, 2, 0)


async def test_a_database_out_of_reach_is_told_in_a_sentence(catalogue):
    catalogue.dsn = "postgresql://nobody@127.0.0.1:1/none"
    with pytest.raises(ImportFailed, match="lost after 0 rows"):
        await catalogue.load("title,author,price\nA,X,1\n")


async def test_other_faults_of_the_database_are_told_with_what_was_stored(catalogue):
    await catalogue.execute(
        "ALTER TABLE stock_movements ADD CONSTRAINT few CHECK (book_id < 3)"  # the third book is refused
    )
    path = catalogue.write("title,author,price,stock\n" + "".join(f"T{n},A,1,1\n" for n in range(5)))
    with pytest.raises(ImportFailed, match=r'after 2 rows were stored .*"few".* again to complete it') as failure:
        await catalogue.load(path, batch_size=2)
    assert isinstance(failure.value.__cause__, asyncpg.CheckViolationError)
    await catalogue.execute("ALTER TABLE stock_movements DROP CONSTRAINT few")
    assert counts(await catalogue.load(path)) == (3, 0, 2, 0)


async def test_a_dry_run_cut_short_claims_nothing_stored(catalogue):
    await catalogue.execute("ALTER TABLE books ADD CONSTRAINT few CHECK (title <> 'T3')")
    text = "title,author,price\n" + "".join(f"T{n},A,1\n" for n in range(5))
    with pytest.raises(ImportFailed, match="after 0 rows were stored"):
        await catalogue.load(text, batch_size=2, dry_run=True)
    assert await catalogue.books() == []
