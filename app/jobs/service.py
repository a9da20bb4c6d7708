"""Jobs for those who ask for one, and for those who look after them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.jobs.kinds import LEASES
from app.jobs.models import Job
from app.jobs.wake import wake_once_committed


async def enqueue(session: AsyncSession, kind: str, payload: dict[str, Any], *, key: str | None = None) -> bool:
    """Have a job done after this transaction is committed, and never without that.

    False: the job that has the same key is not done yet. One that was given up, or whose worker died, gives way.
    """
    if key is not None:
        gone = or_(Job.status == "dead", Job.locked_until <= func.now())
        await session.execute(delete(Job).where(Job.key == key, gone).execution_options(synchronize_session=False))
    job = insert(Job).values(kind=kind, payload=payload, key=key)
    created = await session.scalar(job.on_conflict_do_nothing(index_elements=[Job.key]).returning(Job.id))
    wake_once_committed(session, kind)
    return created is not None


async def list_jobs(session: AsyncSession, status: str | None, offset: int, limit: int) -> tuple[int, Sequence[Job]]:
    """How many jobs have that status (None: any), and some of them, the newest first."""
    return await LEASES.page(session, status, offset, limit)


async def requeue_dead(session: AsyncSession, job_ids: Sequence[int] | None) -> list[int]:
    """Make the dead ones among these jobs (None: all there are) due at once; the ids that were queued."""
    return await LEASES.requeue(session, job_ids)
