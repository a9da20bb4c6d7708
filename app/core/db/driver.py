"""The driver beneath a session, for the statements a shop runs all day: they cost a fraction of what SQLAlchemy adds.

See docs/decisions/0009-the-driver-on-the-hot-path.md.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi, PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_DRIVER = "driver"
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
