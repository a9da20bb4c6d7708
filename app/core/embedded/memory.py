"""How much memory the server may keep pages in."""

import os
from pathlib import Path

MB = 2**20
LEAST_MB, MOST_MB = 128, 1024
# Of a container, in the second version of control groups and in the first.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def shared_buffers_mb() -> int:
    """A quarter of the memory of the machine or of its container, from 128 to 1,024 MB.

    It is taken page by page as the catalogue needs it: a small shop uses little of it. A gigabyte holds what a
    million books are found by.
    """
    memory = min(_of_the_machine(), *map(_of_the_container, LIMITS))
    return max(LEAST_MB, min(memory // 4 // MB, MOST_MB))


def _of_the_machine() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_the_container(limit: Path) -> int:
    """As many bytes as the file says; where it says nothing, as many as the machine has."""
    try:
        said = limit.read_text().strip()
    except OSError:
        return _of_the_machine()
    return int(said) if said.isdecimal() else _of_the_machine()
