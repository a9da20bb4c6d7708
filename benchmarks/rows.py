"""The rows that were written, table by table: whether two ways of buying do the same work."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from benchmarks.wrk import CannotMeasure

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 30
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_COUNTS = "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables"


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows of a table were written, and how."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __sub__(self, earlier: "Rows") -> "Rows":
        return Rows(self.inserted - earlier.inserted, self.updated - earlier.updated, self.deleted - earlier.deleted)

    @property
    def total(self) -> int:
        return self.inserted + self.updated + self.deleted

    def __str__(self) -> str:
        kinds = {"inserted": self.inserted, "updated": self.updated, "deleted": self.deleted}
        return ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)


Written = Mapping[str, Rows]


async def written(connection: asyncpg.Connection) -> Written:
    """All that was written to the database so far; waits for the others to leave, which tell when they go."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval(_OTHERS):  # noqa: ASYNC110 - nothing tells when they have gone
            await asyncio.sleep(POLL_SECONDS)
    return {name: Rows(*counts) for name, *counts in await connection.fetch(_COUNTS)}


def between(before: Written, after: Written) -> Written:
    """What was written meanwhile, without the tables that nobody wrote to."""
    changes = {name: rows - before.get(name, Rows()) for name, rows in after.items()}
    return {name: rows for name, rows in changes.items() if rows != Rows()}


def require_same(ours: Written, plain: Written) -> None:
    """Raise CannotMeasure, with the tables, unless both wrote as many rows to the same tables."""
    if differing := sorted(name for name in ours.keys() | plain.keys() if ours.get(name) != plain.get(name)):
        told = "; ".join(
            f"{name}: {ours.get(name, 'nothing')} and {plain.get(name, 'nothing')}" for name in differing
        )
        raise CannotMeasure(f"The shop and pgbench do not write the same rows ({told}).")
