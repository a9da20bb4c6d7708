"""Work that keeps a processor busy, beside the loop that answers requests."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


async def apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work` returns or raises, run in a loop and thread of its own.

    Cancelled here, it is cancelled there. The thread does not keep a process from ending.
    """
    done: Future[T] = Future()
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Future()

    async def there() -> None:
        begun.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        try:
            done.set_result(await work())
        except asyncio.CancelledError:
            done.cancel()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            done.set_exception(error)

    threading.Thread(target=lambda: asyncio.run(there()), daemon=True).start()
    loop, task = await asyncio.wrap_future(begun)
    try:
        return await asyncio.shield(asyncio.wrap_future(done))
    except asyncio.CancelledError:
        if task and not done.done():
            loop.call_soon_threadsafe(task.cancel)
        raise
