"""A session on a connection that somebody else opened and uses for a transaction of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import StaticPool

from app.core.db.sessions import sessions_on


@asynccontextmanager
async def session_within(connection: asyncpg.Connection) -> AsyncIterator[AsyncSession]:
    """A session whose work is a savepoint of the transaction that is open on `connection`, no more and no less.

    What the database refuses is raised as the driver's error, which is what the owner of the connection expects.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        poolclass=StaticPool,  # gives the connection back open
        creator=lambda: _wrapped(connection),
        hide_parameters=True,
    )
    try:
        async with sessions_on(engine)() as session, session.begin():
            yield session
    except DBAPIError as error:
        raise error.driver_exception from error


def _wrapped(connection: asyncpg.Connection) -> Any:
    async def lend() -> asyncpg.Connection:
        return connection

    # Nothing prepared is kept: behind a pooler the next transaction has another server connection.
    return PGDialect_asyncpg.import_dbapi().connect(  # type: ignore[no-untyped-call]
        async_creator_fn=lend,
        prepared_statement_cache_size=0,
        prepared_statement_name_func=lambda: f"bookstore_{uuid4().hex}",
    )
