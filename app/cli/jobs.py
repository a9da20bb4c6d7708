"""`bookstore worker` and `bookstore jobs`."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.service import record_each
from app.cli.terminal import on_database, out, with_database
from app.core.config import ConfigurationError, load_settings
from app.core.db.server import database_running
from app.core.db.transaction import Database
from app.core.logging import configure
from app.jobs.models import Job
from app.jobs.service import list_jobs, requeue_dead


async def requeue_jobs(session: AsyncSession, job_ids: Sequence[int] | None) -> list[int]:
    """Make the dead ones among these jobs (None: all there are) due at once; the ids that were queued."""
    queued = await requeue_dead(session, job_ids)
    before = {job_id: {"status": "dead"} for job_id in queued}
    await record_each(session, None, "job.requeued", before, after={"status": "pending"})
    return queued


JobStatus = Literal["pending", "dead"]

jobs = typer.Typer(no_args_is_help=True, help="The jobs that wait, and those that were given up.")


def worker() -> None:
    """Send mail, keep house and do all other jobs, as `serve` does beside its requests; any number may run."""
    from app.background import background_jobs  # noqa: PLC0415 - the libraries of mails and images, for the worker alone

    settings = load_settings()
    configure(settings.log_level)

    async def work(database: Database) -> None:
        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        async with background_jobs(settings, database):
            await told.wait()

    with database_running(settings) as url:
        asyncio.run(with_database(settings, url, work))


@jobs.command("list")
def show_jobs(
    status: Annotated[JobStatus | None, typer.Option(help="Only these.", show_default="all")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
) -> None:
    """List jobs, the newest first, and say why the last attempt failed. What was done is not kept."""

    async def work(session: AsyncSession) -> tuple[int, Sequence[Job]]:
        return await list_jobs(session, status, 0, limit)

    total, found = on_database(lambda database: database.transaction(work))
    if found:
        out.print(_table(found))
    out.print(f"Jobs{f' that are {status}' if status else ''}: {total}.")


def _table(found: Sequence[Job]) -> Table:
    table = Table("id", "kind", "status", "attempts", "due", "last error", box=None)
    for job in found:
        due = f"{job.next_attempt_at:%Y-%m-%d %H:%M}"
        words = (str(job.id), job.kind, job.status, str(job.attempts), due, job.last_error or "")
        table.add_row(*map(escape, words))
    return table


@jobs.command("requeue")
def requeue(
    job_ids: Annotated[list[int] | None, typer.Argument(metavar="ID...", help="Which dead jobs.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead jobs.")] = False,
) -> None:
    """Queue jobs again that were given up."""
    if everything == bool(job_ids):
        raise ConfigurationError("Name the jobs to queue again by their ids, or say --all")

    async def work(session: AsyncSession) -> list[int]:
        return await requeue_jobs(session, job_ids or None)

    queued = on_database(lambda database: database.transaction(work))
    out.print(f"Jobs queued again: {len(queued)}.")
    if missing := sorted(set(job_ids or ()) - set(queued)):
        raise ConfigurationError(f"Not a dead job: {', '.join(map(str, missing))}")
