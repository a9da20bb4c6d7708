"""What runs beside the answering of requests: the mail worker and the hourly housekeeping."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from app.core.config import Settings
from app.core.db.transaction import Database
from app.core.embedded.locks import claim
from app.housekeeping import sweep_hourly
from app.notifications.worker import Worker, make_worker

STOP_SECONDS = 10
TURN_SECONDS = 2

log = logging.getLogger(__name__)


@asynccontextmanager
async def background_jobs(settings: Settings, database: Database, *, one_of_many: bool) -> AsyncIterator[None]:
    """Run the jobs while the block runs; at its end the mail under way has some seconds to be finished.

    `one_of_many`: only one of the processes that share the data folder runs them; when it ends, another takes over.
    """
    stop = asyncio.Event()
    worker = make_worker(settings, database)
    turn = settings.data / "worker.lock" if one_of_many else None
    jobs = asyncio.create_task(_run(worker, database, stop, turn))
    try:
        yield
    finally:
        stop.set()
        worker.stop()
        await asyncio.wait({jobs}, timeout=STOP_SECONDS)
        jobs.cancel()
        with suppress(asyncio.CancelledError):
            await jobs


async def _run(worker: Worker, database: Database, stop: asyncio.Event, turn: Path | None) -> None:
    async with _turn(turn, stop):
        await asyncio.gather(worker.run(), sweep_hourly(database, stop))


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
