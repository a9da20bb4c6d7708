"""Rows a second of `bookstore import`, beside a bare COPY of the same rows into a table without indexes."""

import asyncio
import csv
import time
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from app.catalog.importer import ImportOptions, import_csv
from app.core.db.server import driver_url, migrate
from app.core.embedded import EmbeddedPostgres
from benchmarks.figures import Figure

Row = tuple[str, str, str, int]
ROWS = 20_000


def measure(data: Path) -> list[Figure]:
    """Import a generated file into an empty shop, then the same file again."""
    file = data / "books.csv"
    rows = [(f"Title {n} of the bench", f"Author {n % 997}", f"{n % 40 + 5}.99", n % 30) for n in range(ROWS)]
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("title", "author", "price", "stock"), *rows])
    with EmbeddedPostgres(data / "import").running() as url:
        migrate(url)
        connect = partial(asyncpg.connect, driver_url(url))
        first = _timed(partial(import_csv, connect, file, ImportOptions()))
        again = _timed(partial(import_csv, connect, file, ImportOptions()))
        copied = _timed(partial(_copy, connect, rows))
    return [
        Figure("import.rows_per_second", ROWS / first, "rows/s"),
        Figure("import.again_rows_per_second", ROWS / again, "rows/s"),
        Figure("import.ratio_to_bare_copy", first / copied, "x"),
    ]


def _timed(work: Callable[[], Coroutine[Any, Any, object]]) -> float:
    began = time.perf_counter()
    asyncio.run(work())
    return time.perf_counter() - began


async def _copy(connect: Callable[[], Awaitable[asyncpg.Connection]], rows: list[Row]) -> None:
    connection = await connect()
    await connection.execute("CREATE TABLE bare (title text, author text, price numeric, stock integer)")
    records = [(title, author, Decimal(price), stock) for title, author, price, stock in rows]
    await connection.copy_records_to_table("bare", records=records)
    await connection.close()
