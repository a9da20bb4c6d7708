"""The driver beneath a session, for the statements a shop runs all day: they cost a fraction of what SQLAlchemy adds.

See docs/decisions/0009-the-driver-on-the-hot-path.md.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi, PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_DRIVER = "driver"
_LATER = "later"
_PLACE = re.compile(r"\$(\d+)")
_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


class OnDriver:
    """A statement of SQLAlchemy that is put into SQL once, and run on the driver with values by their names."""

    def __init__(self, statement: Select[Any]) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._sql, self._given = compiled.string, compiled.params
        self._names = compiled.positiontup or []

    async def fetch(self, session: AsyncSession, **values: object) -> list[asyncpg.Record]:
        """The rows; values that are not named are those of the statement."""
        given = self._given | values
        rows: list[asyncpg.Record] = await (await driver(session)).fetch(self._sql, *map(given.get, self._names))
        return rows


@asynccontextmanager
async def one_transaction(session: AsyncSession) -> AsyncIterator[None]:
    """A transaction for what is set within it, where the session is that of a reader and has none."""
    connection = await driver(session)
    if connection.is_in_transaction():
        yield
        return
    async with connection.transaction():
        yield


def later(session: AsyncSession, statement: str, *values: object) -> None:
    """Have a statement that changes rows run before COMMIT, in one round trip with all others that wait so.

    They run in no order and see nothing of each other; none of them may have a WITH of its own. A session of readers
    knows no COMMIT and takes none.
    """
    session.info.setdefault(_LATER, []).append((statement, values))


def waits(session: AsyncSession) -> bool:
    """Whether `later` was told anything that was not run yet."""
    return bool(session.info.get(_LATER))


async def run_what_waits(session: AsyncSession) -> None:
    """What `later` was told."""
    waiting = session.info.pop(_LATER, ())
    if not waiting:
        return
    parts: list[str] = []
    values: list[object] = []
    for statement, given in waiting:
        parts.append(f"part_{len(parts)} AS ({_renumbered(statement, len(values))})")
        values += given
    await (await driver(session)).execute(f"WITH {', '.join(parts)} SELECT", *values)


def _renumbered(statement: str, before: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + before}", statement)


async def driver(session: AsyncSession) -> Driver:
    """The driver's connection in the session's transaction, which is begun if need be.

    What it raises are the driver's own errors (`asyncpg.PostgresError`, `asyncpg.InterfaceError`).
    """
    transaction, known = session.info.get(_DRIVER, (None, None))
    if known and transaction is session.sync_session.get_transaction() and not known.is_closed():
        return known
    connection = await _begun(session)
    session.info[_DRIVER] = session.sync_session.get_transaction(), connection
    return connection


async def _begun(session: AsyncSession) -> Driver:
    """A live connection: one that died while it waited in the pool is replaced, as nothing was done on it yet."""
    tries = 0
    while True:
        pooled = (await session.connection()).sync_connection.connection  # type: ignore[union-attr]
        connection: Driver = pooled.driver_connection
        try:
            if not connection.is_closed():
                await _begin(pooled.dbapi_connection)
                return connection
        except AsyncAdapt_asyncpg_dbapi.Error as error:
            if tries:
                raise error.__cause__ or error from None
            tries += 1
        await session.invalidate()


async def _begin(adapter: Any) -> None:
    """SQLAlchemy begins with the first statement it runs itself, and has no name for beginning without one."""
    if adapter._transaction is None:  # noqa: SLF001
        await adapter._start_transaction()  # noqa: SLF001
