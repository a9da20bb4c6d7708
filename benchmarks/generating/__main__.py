"""`python -m benchmarks.generating`: fill an empty shop with very many books, readers and orders.

It fills the shop that the settings name (DATABASE_URL, else the embedded database of BOOKSTORE_DATA), in one
transaction: a run that is broken off leaves nothing. Two runs give the same rows, but for the times, which count back
from now.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from app.accounts.passwords import hash_password
from app.core.config import load_settings
from app.core.db.server import database_running, driver_url, migrate
from benchmarks.generating.set_aside import indexes_set_aside

HERE = Path(__file__).parent
SCRIPTS = ("people", "catalogue", "sales", "readers", "ids")
PASSWORD = "correct horse battery staple"
Count = Annotated[int, typer.Option(min=100)]


def main(books: Count = 1_000_000, orders: Count = 1_000_000, users: Count = 200_000) -> None:
    """Fill an empty shop; everybody's password is "correct horse battery staple"."""
    settings = load_settings()
    with database_running(settings) as url:
        migrate(url)
        with timed("all of it"):
            asyncio.run(fill(driver_url(url), books, orders, users))


async def fill(dsn: str, books: int, orders: int, users: int) -> None:
    """Fill the empty shop behind `dsn`."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'")
        async with connection.transaction():
            await _refuse_if_furnished(connection)
            await _give_numbers(connection, {"books": books, "orders": orders, "users": users})
            await _write(connection)
        with timed("vacuum"):
            await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _refuse_if_furnished(connection: asyncpg.Connection) -> None:
    if await connection.fetchval("SELECT EXISTS (SELECT FROM books) OR EXISTS (SELECT FROM users)"):
        raise SystemExit("This shop has books or users: give an empty one, such as BOOKSTORE_DATA=.cache/large.")


async def _give_numbers(connection: asyncpg.Connection, numbers: dict[str, int]) -> None:
    """As functions, which PostgreSQL inlines: a script has no parameters."""
    for name, number in numbers.items():
        await connection.execute(
            f"CREATE FUNCTION pg_temp.{name}() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT {number}'"
        )
    hashed = await hash_password(PASSWORD)
    await connection.execute(
        f"CREATE FUNCTION pg_temp.password_hash() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '{hashed}' $$"
    )
    await connection.execute((HERE / "tools.sql").read_text())


async def _write(connection: asyncpg.Connection) -> None:
    async with indexes_set_aside(connection):
        for script in SCRIPTS:
            with timed(script):
                await connection.execute((HERE / f"{script}.sql").read_text())
        began = time.perf_counter()
    _say("indexes and foreign keys", began)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    began = time.perf_counter()
    yield
    _say(what, began)


def _say(what: str, began: float) -> None:
    print(f"{what:<26}{time.perf_counter() - began:8.1f} s", flush=True)


if __name__ == "__main__":
    typer.run(main)
