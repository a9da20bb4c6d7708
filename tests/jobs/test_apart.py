"""Work in a thread of its own: answers, errors and cancellation cross over."""

import asyncio
import threading

import pytest

from app.jobs.apart import apart


async def test_it_runs_elsewhere_and_gives_back_its_answer():
    async def work() -> tuple[str, bool]:
        await asyncio.sleep(0)
        return threading.current_thread().name, threading.current_thread().daemon

    name, is_daemon = await apart(work)
    assert name != threading.current_thread().name
    assert is_daemon, "a process that ends does not wait for it"


async def test_its_error_is_raised_here():
    async def work() -> None:
        raise ValueError("there")

    with pytest.raises(ValueError, match="there"):
        await apart(work)


async def test_cancelled_here_it_is_cancelled_there():
    """Seen to fail when the cancellation stays here: the work goes on unseen."""
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    waiting = asyncio.create_task(apart(work))
    assert await asyncio.to_thread(begun.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(ended.wait, 10)


async def test_a_busy_worker_leaves_the_loop_free():
    """Seen to fail when the work runs in the loop that waits for it."""
    go_on = threading.Event()

    async def work() -> bool:
        return go_on.wait(10)

    busy = asyncio.create_task(apart(work))
    await asyncio.sleep(0.05)
    go_on.set()
    assert await busy
