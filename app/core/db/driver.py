"""The driver beneath a session, for the statements a shop runs all day: they cost a fraction of what SQLAlchemy adds.

See docs/decisions/0009-driver-on-the-hot-path.md.
"""

from typing import Any, TypeAlias

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.ext.asyncio import AsyncSession

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_DRIVER = "driver"


async def driver(session: AsyncSession) -> Driver:
    """The driver's connection in the session's transaction, which is begun if need be.

    What it raises are the driver's own errors (`asyncpg.PostgresError`, `asyncpg.InterfaceError`).
    """
    transaction, known = session.info.get(_DRIVER, (None, None))
    if known and transaction is session.sync_session.get_transaction():
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
