"""Storing rows: one transaction a batch, all of its books or none."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import NamedTuple

import asyncpg

from app.audit.service import record_on
from app.catalog.importer.options import ImportFailed, ImportOptions
from app.catalog.importer.rows import BookRow
from app.catalog.rules import GENRES_LOCK
from app.catalog.stock import IMPORTED_STOCK, MOVE_IMPORTED_STOCK, lock_all

Restocked = Callable[[asyncpg.Connection, Sequence[int]], Awaitable[None]]
"""Told, inside the batch's transaction, the ids of books whose stock went from 0 to above 0, ascending."""

LOST_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the driver's word when the server hangs up between two messages
    OSError,
)
_ATTEMPTS = 6
_LOCK_KEY = 6_171_002  # two imports at once take turns, or both would create the books that have no ISBN

_STAGE = """
    CREATE TEMPORARY TABLE import_batch ON COMMIT DROP AS
    SELECT 0 AS line, title, author, price, isbn, description, cover_image_url, publish_date,
           stock_quantity AS stock, (SELECT name FROM genres LIMIT 0) AS genre, weight_grams, tax_category,
           genre_id, id AS book_id
    FROM books WITH NO DATA
"""
_NEW_GENRES = """
    SELECT count(DISTINCT s.genre) FROM import_batch s
    WHERE s.genre IS NOT NULL AND NOT EXISTS (SELECT FROM genres g WHERE g.name = s.genre)
"""
_GENRES = "SELECT count(*) FROM genres"
_ADD_GENRES = """
    INSERT INTO genres (name)
    SELECT DISTINCT s.genre FROM import_batch s
    WHERE s.genre IS NOT NULL AND NOT EXISTS (SELECT FROM genres g WHERE g.name = s.genre)
    ORDER BY s.genre
    ON CONFLICT (name) DO NOTHING
"""
_MATCH_GENRES = "UPDATE import_batch s SET genre_id = g.id FROM genres g WHERE g.name = s.genre"
_MATCH_ISBN = "UPDATE import_batch s SET book_id = b.id FROM books b WHERE b.isbn = s.isbn"
_MATCH_TITLE_AND_AUTHOR = """
    UPDATE import_batch s SET book_id = found.id
    FROM (
        SELECT row.line, min(b.id) AS id
        FROM import_batch row JOIN books b ON b.title = row.title AND b.author = row.author AND b.isbn IS NULL
        WHERE row.isbn IS NULL
        GROUP BY row.line
    ) found
    WHERE found.line = s.line
"""
_DIFFERS = """
    (b.title, b.author, b.price, b.description, b.cover_image_url, b.publish_date, b.stock_quantity, b.genre_id,
     b.weight_grams, b.tax_category)
    IS DISTINCT FROM
    (s.title, s.author, coalesce(s.price, b.price), coalesce(s.description, b.description),
     coalesce(s.cover_image_url, b.cover_image_url), coalesce(s.publish_date, b.publish_date),
     coalesce(s.stock, b.stock_quantity), coalesce(s.genre_id, b.genre_id),
     coalesce(s.weight_grams, b.weight_grams), coalesce(s.tax_category, b.tax_category))
"""
_LOCK = lock_all(f"books b JOIN import_batch s ON s.book_id = b.id WHERE {_DIFFERS}")
_LOST = """
    SELECT count(*) FROM import_batch s
    WHERE s.book_id IS NOT NULL AND NOT EXISTS (SELECT FROM books b WHERE b.id = s.book_id)
"""
_UPDATE = f"""
    UPDATE books b SET
        title = s.title, author = s.author, price = coalesce(s.price, b.price),
        description = coalesce(s.description, b.description),
        cover_image_url = coalesce(s.cover_image_url, b.cover_image_url),
        publish_date = coalesce(s.publish_date, b.publish_date),
        {IMPORTED_STOCK}, genre_id = coalesce(s.genre_id, b.genre_id),
        weight_grams = coalesce(s.weight_grams, b.weight_grams),
        tax_category = coalesce(s.tax_category, b.tax_category),
        updated_at = now()
    FROM import_batch s
    WHERE b.id = s.book_id AND b.id = ANY($1::integer[]) AND {_DIFFERS}
    RETURNING b.id
"""
_CREATE = """
    INSERT INTO books
        (title, author, price, isbn, description, cover_image_url, publish_date, stock_quantity, genre_id,
         weight_grams, tax_category)
    SELECT title, author, coalesce(price, $1::numeric), isbn, description, cover_image_url, publish_date,
           coalesce(stock, $2::integer), genre_id, weight_grams, coalesce(tax_category, 'book')
    FROM import_batch WHERE book_id IS NULL
    ORDER BY line
    RETURNING id
"""


class BatchCounts(NamedTuple):
    """What became of a batch's rows."""

    created: int
    updated: int
    unchanged: int


class _BookVanished(Exception):
    """A book was removed between being matched and being locked."""


# A book with the same ISBN may be created between our match and our insert; done again, the batch updates it.
_DONE_AGAIN = (
    _BookVanished,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
    asyncpg.UniqueViolationError,
)


async def store_batch(
    connection: asyncpg.Connection,
    rows: Sequence[BookRow],
    options: ImportOptions,
    restocked: Restocked | None,
    file_name: str,
) -> BatchCounts:
    """The rows name different books. A dry run does everything and rolls back.

    What is stored leaves a row of the audit trail in the same transaction, so that no import escapes it by dying.
    """
    for attempt in range(1, _ATTEMPTS):
        try:
            return await _attempt(connection, rows, options, restocked, file_name)
        except _DONE_AGAIN:
            await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - spreads retries, hides nothing
    return await _attempt(connection, rows, options, restocked, file_name)


async def _attempt(
    connection: asyncpg.Connection,
    rows: Sequence[BookRow],
    options: ImportOptions,
    restocked: Restocked | None,
    file_name: str,
) -> BatchCounts:
    transaction = connection.transaction(isolation="read_committed")
    await transaction.start()
    try:
        await _stage(connection, rows)
        await _add_genres(connection, options.max_genres)
        for statement in (_MATCH_GENRES, _MATCH_ISBN, _MATCH_TITLE_AND_AUTHOR):
            await connection.execute(statement)
        updated = await _update_books(connection, restocked)
        created = await _create_books(connection, options.default_price, options.default_stock)
        if created or updated:
            counts = {"file": _storable(file_name), "created": created, "updated": updated}
            await record_on(connection, options.source, "import.stored", counts)
    except BaseException:
        with suppress(*LOST_CONNECTION):  # the server has rolled back what it lost, and the first error tells more
            await transaction.rollback()
        raise
    await (transaction.rollback() if options.dry_run else transaction.commit())
    return BatchCounts(created, updated, len(rows) - created - updated)


async def _stage(connection: asyncpg.Connection, rows: Sequence[BookRow]) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK_KEY)
    await connection.execute(_STAGE)
    await connection.copy_records_to_table("import_batch", records=rows, columns=BookRow._fields)
    await connection.execute("ANALYZE import_batch")


async def _add_genres(connection: asyncpg.Connection, most: int) -> None:
    """Those of the rows that the shop has not. Raises ImportFailed where it may not have so many."""
    if not await connection.fetchval(_NEW_GENRES):
        return
    await connection.execute("SELECT pg_advisory_xact_lock($1)", GENRES_LOCK)
    new, there = await connection.fetchval(_NEW_GENRES), await connection.fetchval(_GENRES)
    if new + there > most:
        raise ImportFailed(
            f"The file names {new} new genres, and with those of the shop that makes {new + there} where {most} are"
            " allowed: map the genre to a column with fewer names, or raise MAX_GENRES."
        )
    await connection.execute(_ADD_GENRES)


async def _update_books(connection: asyncpg.Connection, restocked: Restocked | None) -> int:
    """Locks the books that differ, in ascending id as checkout does, then compares anew under the lock."""
    ids = [record["id"] for record in await connection.fetch(_LOCK)]
    if await connection.fetchval(_LOST):
        raise _BookVanished
    moved = await connection.fetch(MOVE_IMPORTED_STOCK, ids)
    updated = await connection.fetch(_UPDATE, ids)
    back_in_stock = [record["book_id"] for record in moved if record["was_empty"]]
    if back_in_stock and restocked:
        await restocked(connection, sorted(back_in_stock))
    return len(updated)


async def _create_books(connection: asyncpg.Connection, price: Decimal | None, stock: int) -> int:
    return len(await connection.fetch(_CREATE, price, stock))


def _storable(file_name: str) -> str:
    """Without what the system's names may hold and UTF-8 may not."""
    return file_name.encode(errors="replace").decode()
