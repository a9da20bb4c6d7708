"""Passwords: Argon2id, in threads of their own, few at a time."""

import asyncio
import os
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

MEMORY_KIB, PASSES, LANES = 65536, 3, 4
AT_ONCE = 2  # each hash takes 64 MiB; further ones wait for a thread

_hasher = PasswordHasher(memory_cost=MEMORY_KIB, time_cost=PASSES, parallelism=LANES)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")


def _hash_of_nothing() -> str:
    """A hash that no known password has, as costly to verify as a real one."""
    salt, digest = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


_NOTHING = _hash_of_nothing()


async def hash_password(password: str) -> str:
    """The hash to store. Hold no database connection meanwhile: it may wait behind others."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def verify_password(password: str, hashed: str | None) -> bool:
    """Whether the password has that hash; without one a verification is done all the same, and fails."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, hashed or _NOTHING, password)


def is_outdated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
