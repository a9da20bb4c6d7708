"""The connection pool of one process."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.config import Settings

POOL_WAIT_SECONDS = 5
IDLE_IN_TRANSACTION_MS = 30_000


def make_engine(url: str, settings: Settings) -> AsyncEngine:
    """A pool whose sessions obey the bounds of the settings on lock waits and statements."""
    engine = create_async_engine(
        url,
        pool_size=settings.db_pool_size,
        max_overflow=settings.db_max_overflow,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_use_lifo=True,
        connect_args=_connect_args(settings),
    )
    if settings.db_pooler:
        _bound_each_transaction(engine, _bounds(settings))
    return engine


def _bounds(settings: Settings) -> dict[str, str]:
    return {
        "lock_timeout": str(settings.lock_timeout_ms),
        "statement_timeout": str(settings.statement_timeout_ms),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
    }


def _connect_args(settings: Settings) -> dict[str, Any]:
    if settings.db_pooler:
        return {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"bookstore_{uuid4().hex}",
        }
    session = {"application_name": "bookstore", "timezone": "UTC", "jit": "off"}
    return {"timeout": POOL_WAIT_SECONDS, "server_settings": session | _bounds(settings)}


def _bound_each_transaction(engine: AsyncEngine, bounds: dict[str, str]) -> None:
    """A pooler in transaction mode keeps no session, so every transaction says its bounds itself."""
    statement = "; ".join(f"SET LOCAL {name} = {value}" for name, value in bounds.items())

    @event.listens_for(engine.sync_engine, "begin")
    def say(connection: Connection) -> None:
        connection.exec_driver_sql(statement)
