"""Workers beside the answering of requests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from app.jobs.worker import AnyWorker

STOP_SECONDS = 10


@asynccontextmanager
async def running(workers: Sequence[AnyWorker]) -> AsyncIterator[None]:
    """Let the workers work while the block runs; at its end what is under way has some seconds to be finished."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
