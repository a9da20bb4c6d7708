"""What runs beside the answering of requests: mails and jobs."""

import asyncio
import logging
import multiprocessing
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from app.admin.housekeeping import sweep_all
from app.admin.import_job import import_kind
from app.core.config import Settings
from app.core.db.transaction import Database
from app.jobs.kinds import JobInHand, JobKind, JobSource
from app.jobs.runner import running
from app.jobs.worker import AnyWorker, Worker
from app.mail.sending import make_mail_worker

log = logging.getLogger(__name__)


@contextmanager
def end_with_supervisor() -> Iterator[None]:
    """Stop in good order when the process that supervises this one dies.

    Left alone, it would serve on with nobody to stop or replace it, and no new shop could have the port.
    """
    supervisor, loop = multiprocessing.parent_process(), asyncio.get_running_loop()
    if supervisor is None:
        yield
        return

    def leave() -> None:
        loop.remove_reader(supervisor.sentinel)
        log.warning("the process that supervises the servers is gone: this one stops as well")
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(supervisor.sentinel, leave)
    try:
        yield
    finally:
        loop.remove_reader(supervisor.sentinel)


@asynccontextmanager
async def background_jobs(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Work off mails and jobs while the block runs; at its end what is under way has some seconds to be finished.

    Every process that runs this shares the work with the others by leases.
    """
    async with running(workers(settings, database)):
        yield


def workers(settings: Settings, database: Database) -> list[AnyWorker]:
    """One worker for mails, and one for each kind of job."""
    sources = [JobSource(database, kind) for kind in job_kinds(settings, database)]
    return [make_mail_worker(settings, database), *(Worker(database, source) for source in sources)]


def job_kinds(settings: Settings, database: Database) -> tuple[JobKind, ...]:
    """What there is to be done later. A new kind of job is one more of these lines."""

    async def keep_house(_: JobInHand) -> None:
        await sweep_all(database, settings)

    return (
        JobKind("housekeeping", keep_house, every=timedelta(hours=1), max_attempts=3),
        import_kind(settings, database),
    )
