"""The embedded PostgreSQL as the shop uses it: shared by processes, there while one of them needs it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from app.core.embedded import locks, server
from app.core.embedded.cluster import DATABASE, ROLE, bundled_major, cluster_major, program
from app.core.embedded.errors import EmbeddedPostgresError
from app.core.embedded.files import PORT, Files
from app.core.embedded.identity import check_owner
from app.core.embedded.postmaster import Postmaster, live_postmaster


@dataclass(frozen=True)
class Status:
    running: bool
    pid: int | None
    version: int
    """Major version of the cluster, or of the one that would be made."""
    socket_dir: Path | None
    data: Path
    pinned: bool
    """It stays when its last user leaves."""


class EmbeddedPostgres:
    """One server a data folder. Every method raises EmbeddedPostgresError when it cannot do what it says."""

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        """`durable=False` risks the data in a power cut for speed: for tests."""
        self._files = Files(data.expanduser().resolve())
        self._durable = durable

    @contextmanager
    def running(self) -> Iterator[str]:
        """The address of the database, served through the block; the last user to leave stops the server."""
        users = self._join()
        try:
            yield self.url()
        finally:
            self._leave(users)

    def start(self) -> None:
        """Start the server if it is not running, and pin it: it stays until `stop`."""
        with self._at_the_gate():
            server.ensure_running(self._files, durable=self._durable)
            self._files.pinned.touch(mode=0o600)

    def stop(self, *, force: bool = False) -> None:
        """Unpin and stop the server. While processes use it this is refused, and nothing changes, unless forced."""
        if not self._files.locks.exists():
            return
        with self._at_the_gate():
            if not force and self._is_used():
                raise EmbeddedPostgresError(
                    "The database is in use: stop the shop and its commands first, or force it."
                )
            self._files.pinned.unlink(missing_ok=True)
            server.stop(self._files)

    def status(self) -> Status:
        with self._in_sentences():
            postmaster = self._postmaster()
            version = cluster_major(self._files.cluster) or bundled_major()
            pinned = postmaster is not None and self._files.pinned.exists()
        pid, socket_dir = (postmaster.pid, postmaster.socket_dir) if postmaster else (None, None)
        return Status(postmaster is not None, pid, version, socket_dir, self._files.data, pinned)

    def url(self, database: str = DATABASE) -> str:
        """For SQLAlchemy with asyncpg, of the running server."""
        # The port is said, or PGPORT of the environment would be taken.
        place = {"host": str(self._socket_dir()), "port": str(PORT)}
        return URL.create("postgresql+asyncpg", username=ROLE, database=database, query=place).render_as_string()

    def psql_command(self, database: str = DATABASE) -> list[str]:
        """The bundled psql on the running server, as words for subprocess."""
        place = [f"--host={self._socket_dir()}", f"--port={PORT}"]
        return [str(program("psql")), *place, f"--username={ROLE}", f"--dbname={database}"]

    def _join(self) -> int:
        with self._at_the_gate():
            server.ensure_running(self._files, durable=self._durable)
            return locks.shared(self._files.users)

    def _leave(self, users: int) -> None:
        os.close(users)
        with self._at_the_gate():
            if not self._files.pinned.exists() and not self._is_used():
                server.stop(self._files)

    def _is_used(self) -> bool:
        """Ask at the gate only, where nobody joins meanwhile."""
        lock = locks.claim(self._files.users)
        if lock is not None:
            os.close(lock)
        return lock is None

    def _socket_dir(self) -> Path:
        with self._in_sentences():
            postmaster = self._postmaster()
        if postmaster is None:
            raise EmbeddedPostgresError(f"The database in {self._files.cluster} is not running: start it first.")
        return postmaster.socket_dir

    def _postmaster(self) -> Postmaster | None:
        if not locks.is_claimed(self._files.server):
            return None
        postmaster = live_postmaster(self._files.cluster)
        return postmaster if postmaster and postmaster.ready else None

    @contextmanager
    def _at_the_gate(self) -> Iterator[None]:
        """One process at a time starts, stops, joins or leaves."""
        with self._in_sentences():
            self._files.data.mkdir(parents=True, exist_ok=True)
            check_owner(self._files.cluster)
            self._files.locks.mkdir(mode=0o700, exist_ok=True)
            with locks.exclusive(self._files.gate):
                yield

    @contextmanager
    def _in_sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The data folder {self._files.data} cannot be used ({error.strerror}: {error.filename}):"
                " make it writable, or point BOOKSTORE_DATA at another folder."
            ) from error
