"""Filling without indexes and foreign keys, which is much faster; both come back in the same transaction, checked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS on_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conname
"""
_INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT indisunique AND NOT indisexclusion ORDER BY relname
"""


@asynccontextmanager
async def indexes_set_aside(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """No index but those that forbid something, and no foreign key, through the block."""
    keys, indexes = await connection.fetch(_FOREIGN_KEYS), await connection.fetch(_INDEXES)
    for key in keys:
        await connection.execute(f"ALTER TABLE {key['on_table']} DROP CONSTRAINT {key['name']}")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    yield
    for index in indexes:
        await connection.execute(index["definition"])
    for key in keys:
        await connection.execute(f"ALTER TABLE {key['on_table']} ADD CONSTRAINT {key['name']} {key['definition']}")
