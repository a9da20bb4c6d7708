"""Jobs queued again by the operator, with a row of the audit trail for each."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record_each
from app.jobs.service import requeue_dead


async def requeue_jobs(session: AsyncSession, job_ids: Sequence[int] | None) -> list[int]:
    """Make the dead ones among these jobs (None: all there are) due at once; the ids that were queued."""
    queued = await requeue_dead(session, job_ids)
    before = {job_id: {"status": "dead"} for job_id in queued}
    await record_each(session, None, "job.requeued", before, after={"status": "pending"})
    return queued
