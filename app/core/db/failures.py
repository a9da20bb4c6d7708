"""Reading what PostgreSQL objected to out of the driver's exceptions."""

from sqlalchemy.exc import DBAPIError, IntegrityError

DEADLOCK = "40P01"
SERIALIZATION_FAILURE = "40001"
LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
REPEATABLE = frozenset({DEADLOCK, SERIALIZATION_FAILURE})
OUT_OF_TIME = frozenset({LOCK_NOT_AVAILABLE, QUERY_CANCELED})
CONNECTION_LOST = ("08", "57P")
"""How the SQLSTATE begins when the connection broke or the server went: the driver itself says 08003."""
NO_ROOM = "53"


def sqlstate(error: DBAPIError) -> str:
    """The five-character SQLSTATE; empty when neither the server nor the driver named one."""
    return getattr(error.orig, "sqlstate", None) or ""


def violated(error: IntegrityError) -> str | None:
    """The name of the constraint or unique index that refused the row."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)
