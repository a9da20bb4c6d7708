"""Reading what PostgreSQL objected to out of the driver's exceptions."""

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError

StatementFailed = (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""How a statement fails: through SQLAlchemy the first, on the driver itself the others."""
DEADLOCK = "40P01"
SERIALIZATION_FAILURE = "40001"
LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
REPEATABLE = frozenset({DEADLOCK, SERIALIZATION_FAILURE})
OUT_OF_TIME = frozenset({LOCK_NOT_AVAILABLE, QUERY_CANCELED})
CONNECTION_LOST = ("08", "57P")
"""How the SQLSTATE begins when the connection broke or the server went: the driver itself says 08003."""
NO_ROOM = "53"


def sqlstate(error: Exception) -> str:
    """The five-character SQLSTATE; empty when neither the server nor the driver named one."""
    return getattr(getattr(error, "orig", error), "sqlstate", None) or ""


def violated(error: IntegrityError | asyncpg.IntegrityConstraintViolationError) -> str | None:
    """The name of the constraint or unique index that refused the row."""
    cause = getattr(error.orig, "__cause__", None) if isinstance(error, IntegrityError) else error
    return getattr(cause, "constraint_name", None)


def connection_lost(error: Exception) -> bool:
    """Whether the connection broke or the server went."""
    if getattr(error, "connection_invalidated", False) or sqlstate(error).startswith(CONNECTION_LOST):
        return True
    return isinstance(error, asyncpg.InternalClientError) or (
        isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)
    )
