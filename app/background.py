"""What runs beside the answering of requests: the mail worker and the hourly housekeeping."""

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from app.core.config import Settings
from app.core.db.transaction import Database
from app.core.embedded.locks import claim
from app.housekeeping import sweep_hourly
from app.notifications.worker import Worker, make_worker

STOP_SECONDS = 10
TURN_SECONDS = 2

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
async def background_jobs(settings: Settings, database: Database, *, one_of_many: bool) -> AsyncIterator[None]:
    """Run the jobs while the block runs; at its end the mail under way has some seconds to be finished.

    `one_of_many`: only one of the processes that share the data folder runs them; when it ends, another takes over.
    """
    stop = asyncio.Event()
    worker = make_worker(settings, database)
    turn = settings.data / "worker.lock" if one_of_many else None
    jobs = asyncio.create_task(_run(worker, database, settings, stop, turn))
    try:
        yield
    finally:
        stop.set()
        worker.stop()
        await asyncio.wait({jobs}, timeout=STOP_SECONDS)
        jobs.cancel()
        with suppress(asyncio.CancelledError):
            await jobs


async def _run(
    worker: Worker, database: Database, settings: Settings, stop: asyncio.Event, turn: Path | None
) -> None:
    async with _turn(turn, stop):
        await asyncio.gather(worker.run(), sweep_hourly(database, settings, stop))


@asynccontextmanager
async def _turn(path: Path | None, stop: asyncio.Event) -> AsyncIterator[None]:
    """Wait until no other process holds the lock, or until `stop`; hold it through the block.

    Where the folder cannot hold a lock the jobs run all the same: several workers share an outbox safely.
    """
    held = None
    try:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            while (held := claim(path)) is None and not stop.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(TURN_SECONDS):
                        await stop.wait()
    except OSError as error:
        log.warning("mail worker runs without its lock: %s", error)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)
