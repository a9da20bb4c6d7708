"""Advisory locks on files of the data folder; the kernel frees them when the last holder dies, however it dies.

Two descriptors of one process count as two holders; a child that inherits a descriptor shares its lock.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.02


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock and hold it through the block."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def shared(path: Path) -> int:
    """Wait for a share of the lock; closing the descriptor returned gives it up."""
    descriptor = _open(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def claim(path: Path) -> int | None:
    """The lock at once, as a descriptor to close, or None while somebody holds or shares it."""
    return _attempt(path, fcntl.LOCK_EX)


def is_claimed(path: Path) -> bool:
    """Somebody holds the lock alone."""
    if not path.exists():
        return False
    descriptor = _attempt(path, fcntl.LOCK_SH)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def is_released_within(path: Path, seconds: float) -> bool:
    """Wait for the holder to let go."""
    deadline = time.monotonic() + seconds
    while is_claimed(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _attempt(path: Path, kind: int) -> int | None:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
