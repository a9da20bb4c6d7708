"""Judging the shop by its laws, all of them on one picture of it, while it runs."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.db.transaction import Database
from app.verify.invariant import Invariant
from app.verify.invariants import INVARIANTS
from app.verify.schemas import SHOWN, Finding, Verification

_ONE_PICTURE = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_COUNT = "offending_count"


async def verify(session: AsyncSession, laws: Sequence[Invariant] = INVARIANTS) -> Verification:
    """Ask each law for the rows that break it. `session` must not have begun its transaction yet."""
    await session.connection(execution_options=_ONE_PICTURE)
    return await judge(session, laws)


async def verify_patiently(database: Database, laws: Sequence[Invariant] = INVARIANTS) -> Verification:
    """The same in a transaction of its own, however long a law may take."""

    async def work(session: AsyncSession) -> Verification:
        connection = await session.connection(execution_options=_ONE_PICTURE)
        await connection.exec_driver_sql("SELECT set_config('statement_timeout', '0', true)")
        return await judge(session, laws)

    return await database.transaction(work)


async def judge(session: AsyncSession, laws: Sequence[Invariant] = INVARIANTS) -> Verification:
    """What the laws say of the shop as the transaction of `session` sees it."""
    connection = await session.connection()
    checked_at = (await connection.exec_driver_sql("SELECT now()")).scalar_one()
    findings = [await _judge(connection, law) for law in laws]
    return Verification(ok=all(finding.ok for finding in findings), checked_at=checked_at, laws=findings)


async def _judge(connection: AsyncConnection, law: Invariant) -> Finding:
    """One statement finds the first offending rows and counts all."""
    query = f"SELECT *, count(*) OVER () AS {_COUNT} FROM ({law.query}) offending ORDER BY 1, 2 LIMIT {SHOWN}"
    rows = [dict(row) for row in (await connection.exec_driver_sql(query)).mappings()]
    count = rows[0][_COUNT] if rows else 0
    offending = [{name: value for name, value in row.items() if name != _COUNT} for row in rows]
    return Finding(name=law.name, sentence=law.sentence, ok=not rows, offending=offending, offending_count=count)
