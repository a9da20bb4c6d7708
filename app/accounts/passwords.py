"""Passwords: one spelling for each, Argon2id, in threads of their own, few at a time and after everything else."""

import asyncio
import os
import sys
import threading
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import IntEnum
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from app.accounts.password_queue import PasswordQueue

T = TypeVar("T")

MEMORY_KIB, PASSES, LANES = 65536, 3, 4
MOST_AT_ONCE = 2  # each hash takes 64 MiB
NICENESS = 10
MAX_GIVEN = 1024  # characters of a text that may still be a password when it is normalised


class PasswordMatch(IntEnum):
    """Whether a password is the right one; true unless it is not."""

    NO = 0
    YES = 1
    AS_GIVEN = 2  # by a hash that was made before passwords were normalised: make it anew


def _step_back() -> None:
    """Let the rest of the shop go before this thread, and before those that Argon2 starts from it.

    Linux has a priority for each thread. Elsewhere it belongs to the process, and stays as it is.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _at_once() -> int:
    """One hash for each processor but one, which is for everybody else."""
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(MOST_AT_ONCE, max(1, processors - 1))


AT_ONCE = _at_once()
queue = PasswordQueue(AT_ONCE)
_hasher = PasswordHasher(memory_cost=MEMORY_KIB, time_cost=PASSES, parallelism=LANES)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password", initializer=_step_back)


def _hash_of_nothing() -> str:
    """A hash that no known password has, as costly to verify as a real one."""
    salt, digest = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


_NOTHING = _hash_of_nothing()


def normalised_password(given: str) -> str:
    """The one spelling of a password: NFKC, and every kind of space is the plain one (RFC 8265, OpaqueString).

    The RFC asks for NFC; NFKC also makes one of what some keyboards write in full width. A text beyond MAX_GIVEN
    stays as it is: none of that length is a password, and there are texts that take long to normalise.
    """
    if len(given) > MAX_GIVEN or given.isascii():
        return given
    spaced = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in given)
    return unicodedata.normalize("NFKC", spaced)


async def hash_password(password: str) -> str:
    """The hash to store. Hold no database connection meanwhile: it may wait behind others."""
    return await _in_turn(_hasher.hash, normalised_password(password))


async def verify_password(password: str, hashed: str | None) -> PasswordMatch:
    """Whether the password has that hash; without one a verification is done all the same, and fails.

    Hold no database connection meanwhile.
    """
    return await _in_turn(_match, hashed or _NOTHING, password)


def is_outdated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


async def _in_turn(work: Callable[..., T], *given: str) -> T:
    async with queue.turn():
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *given)


def _match(hashed: str, password: str) -> PasswordMatch:
    """A password whose spelling is not the normal one is tried as it was given as well, whoever it is for."""
    normal = normalised_password(password)
    if _verify(hashed, normal):
        return PasswordMatch.YES
    return PasswordMatch.AS_GIVEN if normal != password and _verify(hashed, password) else PasswordMatch.NO


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
