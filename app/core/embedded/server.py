"""Start and stop the server of a cluster; the caller holds the gate."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from app.core.embedded import locks
from app.core.embedded.cluster import bundled_major, check_version, make_cluster, program, telling_line
from app.core.embedded.errors import EmbeddedPostgresError
from app.core.embedded.files import PORT, Files, clear_remains, make_socket_folder
from app.core.embedded.identity import choose_identity
from app.core.embedded.memory import shared_buffers_mb
from app.core.embedded.postmaster import live_postmaster

START_SECONDS = 60
STOP_SECONDS = 60
LOG_BYTES = 10_000_000

# A machine of two cores with a solid-state disk. Given at every start, so that a newer release brings its own.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "shared_preload_libraries": "",
}
DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


def ensure_running(files: Files, *, durable: bool) -> None:
    """Start the server unless it is at work.

    Raises:
        EmbeddedPostgresError: it does not start, with its own last word.
    """
    lock = _claim_unless_ready(files)
    if lock is None:
        return
    try:
        seen = _launch(files, durable=durable, lock=lock)
    finally:
        os.close(lock)
    _wait_until_ready(files, seen)


def stop(files: Files) -> None:
    """Fast shutdown: sessions are ended, what was committed is on disk.

    Raises:
        EmbeddedPostgresError: it does not stop in time.
    """
    postmaster = live_postmaster(files.cluster)
    if postmaster and locks.is_claimed(files.server):
        os.kill(postmaster.pid, signal.SIGINT)
    if not locks.is_released_within(files.server, STOP_SECONDS):
        raise EmbeddedPostgresError(
            f"PostgreSQL on {files.cluster} did not stop within {STOP_SECONDS} seconds: see {files.log}."
        )
    if postmaster:
        with suppress(ChildProcessError):  # it is our child only if we are the first process of a container
            os.waitpid(postmaster.pid, 0)


def _claim_unless_ready(files: Files) -> int | None:
    """The server's lock, or None if a server is ready. Waits for one that is starting and for one that is ending."""
    deadline = time.monotonic() + START_SECONDS
    while (lock := locks.claim(files.server)) is None:
        postmaster = live_postmaster(files.cluster)
        if postmaster and postmaster.ready:
            return None
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"PostgreSQL processes hold {files.cluster} and serve nobody:"
                " end them, or the other container that uses this folder, then start again."
            )
        time.sleep(locks.POLL_SECONDS)
    return lock


def _launch(files: Files, *, durable: bool, lock: int) -> int:
    """Where in the log the words of this start begin."""
    if foreign := live_postmaster(files.cluster):
        raise EmbeddedPostgresError(
            f"A PostgreSQL that Bookstore did not start, process {foreign.pid}, uses {files.cluster}: stop it first."
        )
    identity = choose_identity(files.data, files.cluster, program("postgres"))
    if _is_absent(files.cluster):
        make_cluster(files, identity, durable=durable, lock=lock)
    check_version(files.cluster)
    identity.own(files.cluster)
    sockets = make_socket_folder(files, identity)
    clear_remains(files.cluster, sockets)
    files.pinned.unlink(missing_ok=True)
    command = [str(program("postgres")), "-D", str(files.cluster), *_options(sockets, durable=durable)]
    log = _open_log(files.log)
    try:
        seen = os.fstat(log).st_size
        identity.run_in_background(command, output=log, lock=lock)
    finally:
        os.close(log)
    return seen


def _wait_until_ready(files: Files, seen: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        at_work = locks.is_claimed(files.server)
        postmaster = live_postmaster(files.cluster)
        if postmaster and postmaster.ready:
            return
        if not at_work:
            said = telling_line(files.log.read_bytes()[seen:].decode(errors="replace"))
            raise EmbeddedPostgresError(f"PostgreSQL {bundled_major()} did not start: {said}. See {files.log}.")
        time.sleep(locks.POLL_SECONDS)
    raise EmbeddedPostgresError(
        f"PostgreSQL on {files.cluster} is still recovering after {START_SECONDS} seconds:"
        f" try again in a minute, or see {files.log}."
    )


def _is_absent(cluster: Path) -> bool:
    return not cluster.exists() or (cluster.is_dir() and not any(cluster.iterdir()))


def _options(sockets: Path, *, durable: bool) -> list[str]:
    settings = {"shared_buffers": f"{shared_buffers_mb()}MB"} | SETTINGS
    settings |= {"unix_socket_directories": f'"{sockets}"'}
    settings |= dict.fromkeys(DURABILITY, "on" if durable else "off")
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _open_log(log: Path) -> int:
    """To append to; a log that has grown large becomes the old one first."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
