"""Counting statements, through SQLAlchemy or on the driver beneath it."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import asyncpg
from sqlalchemy import Connection, Engine, event

BOUNDARIES = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@contextmanager
def statements() -> Iterator[list[str]]:
    """What this process asks of databases within the block, without what begins and ends transactions."""
    seen: list[str] = []
    execute = asyncpg.Connection._execute

    def note(_1: Connection, _2: object, statement: str, *_: object) -> None:
        if not statement.startswith(BOUNDARIES):
            seen.append(statement)

    async def noting(connection: object, query: str, *args: object, **options: object) -> object:
        seen.append(query)
        return await execute(connection, query, *args, **options)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with patch.object(asyncpg.Connection, "_execute", noting):
            yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
