"""The driver beneath a session, for the statements a shop runs all day: they cost a fraction of what SQLAlchemy adds.

See docs/decisions/0009-driver-on-the-hot-path.md.
"""

from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_DRIVER = "driver"


async def driver(session: AsyncSession) -> Driver:
    """The driver's connection in the session's transaction, which is begun if need be.

    What it raises are the driver's own errors (`asyncpg.PostgresError`, `asyncpg.InterfaceError`).
    """
    known: Driver | None = session.info.get(_DRIVER)
    if known and session.in_transaction():
        return known
    while (connection := await _connected(session)).is_closed():
        await session.invalidate()  # the server was restarted while the connection waited in the pool
    session.info[_DRIVER] = connection
    return connection


async def _connected(session: AsyncSession) -> Driver:
    """SQLAlchemy begins with the first statement it runs itself, and has no name for beginning without one."""
    pooled = (await session.connection()).sync_connection.connection  # type: ignore[union-attr]
    adapter = pooled.dbapi_connection
    connection: Driver = pooled.driver_connection
    if adapter._transaction is None and not connection.is_closed():  # type: ignore[union-attr]  # noqa: SLF001
        await adapter._start_transaction()  # type: ignore[union-attr]  # noqa: SLF001
    return connection
