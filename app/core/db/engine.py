"""The connection pool of one process."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, NullPool, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.config import Settings
from app.core.metrics import POOL_OPEN, POOL_USED

AUTOCOMMIT_CONNECTIONS = 12
"""Sessions without transactions that a process keeps, each with a connection: the pool is larger by as many."""
POOL_WAIT_SECONDS = 5
IDLE_IN_TRANSACTION_MS = 30_000


def make_engine(url: str, settings: Settings, autocommit: int = 0) -> AsyncEngine:
    """A pool whose sessions obey the bounds of the settings on lock waits and statements.

    It has room for so many sessions without transactions besides, which keep their connections.
    """
    engine = create_async_engine(
        url,
        pool_size=settings.db_pool_size + autocommit,
        max_overflow=settings.db_max_overflow,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_use_lifo=True,
        connect_args=_connect_args(settings),
        hide_parameters=True,  # addresses, hashes and links must not reach the log with a failed statement
    )
    _count_connections(engine)
    if settings.db_pooler:
        _begin_with(engine, _session(settings))
    return engine


def most_connections(settings: Settings, processes: int) -> int:
    """How many connections so many server processes may open, with the one on which the mail worker listens."""
    return processes * (settings.db_pool_size + AUTOCOMMIT_CONNECTIONS + settings.db_max_overflow) + 1


def make_plain_engine(url: str, settings: Settings) -> AsyncEngine:
    """One connection without bounds, for migrations: building an index may take its time."""
    return create_async_engine(url, poolclass=NullPool, connect_args=_without_caches(settings), hide_parameters=True)


def _session(settings: Settings) -> dict[str, str]:
    return {
        "timezone": "UTC",
        "jit": "off",
        "lock_timeout": str(settings.lock_timeout_ms),
        "statement_timeout": str(settings.statement_timeout_ms),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
    }


def _connect_args(settings: Settings) -> dict[str, Any]:
    if settings.db_pooler:
        return {"timeout": POOL_WAIT_SECONDS, **_without_caches(settings)}
    return {
        "timeout": POOL_WAIT_SECONDS,
        "server_settings": {"application_name": "bookstore", **_session(settings)},
    }


def _without_caches(settings: Settings) -> dict[str, Any]:
    """A pooler in transaction mode gives each transaction another server connection: nothing prepared is kept."""
    if not settings.db_pooler:
        return {}
    return {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"bookstore_{uuid4().hex}",
    }


def _begin_with(engine: AsyncEngine, session: dict[str, str]) -> None:
    """Behind such a pooler no session lasts either, so every transaction begins with its settings."""
    calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in session.items())

    @event.listens_for(engine.sync_engine, "begin")
    def set_up(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT {calls}")


def _count_connections(engine: AsyncEngine) -> None:
    """Keep the gauges of the pool; those of several workers add up."""
    pool = engine.sync_engine.pool
    event.listen(pool, "connect", lambda *_: POOL_OPEN.inc())
    event.listen(pool, "close", lambda *_: POOL_OPEN.dec())
    event.listen(pool, "checkout", lambda *_: POOL_USED.inc())
    event.listen(pool, "checkin", lambda *_: POOL_USED.dec())
