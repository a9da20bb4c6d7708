"""Where the embedded database keeps its things below the data folder, and its socket."""

import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from app.core.embedded.errors import EmbeddedPostgresError
from app.core.embedded.identity import SystemUser

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
# Characters that clients read as a list of hosts (comma, colon) or that the server's own list would need escaped.
UNFIT_FOR_SOCKETS = frozenset(",:\"'\\\n")


@dataclass(frozen=True)
class Files:
    """The embedded database's share of the data folder."""

    data: Path

    @property
    def cluster(self) -> Path:
        return self.data / "postgres"

    @property
    def draft(self) -> Path:
        """A cluster in the making; whatever is found here was interrupted."""
        return self.data / "postgres.new"

    @property
    def log(self) -> Path:
        return self.data / "postgres.log"

    @property
    def locks(self) -> Path:
        return self.data / "postgres.lock"

    @property
    def gate(self) -> Path:
        """Held while the server is started or stopped."""
        return self.locks / "gate"

    @property
    def users(self) -> Path:
        """Shared by every process that uses the server."""
        return self.locks / "users"

    @property
    def server(self) -> Path:
        """Held by every process of PostgreSQL that works on the cluster, so free only when the last has ended."""
        return self.locks / "server"

    @property
    def pinned(self) -> Path:
        return self.locks / "pinned"


def make_socket_folder(files: Files, identity: SystemUser) -> Path:
    """The private folder of the socket: in the data folder, or where its path would not serve, in the temp folder.

    Raises:
        EmbeddedPostgresError: somebody else sits on the name in the temp folder.
    """
    folder, trusted = files.data / "postgres.socket", True
    if _is_unfit(folder):
        folder, trusted = _folder_in_temp(files, identity), False
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or not (trusted or folder.lstat().st_uid in {identity.uid, os.geteuid()}):
        raise EmbeddedPostgresError(f"{folder} belongs to another user: remove it, or set TMPDIR to your own folder.")
    identity.own(folder)
    folder.chmod(0o700)
    return folder


def _folder_in_temp(files: Files, identity: SystemUser) -> Path:
    """The same at every start, and another one for each user that the server runs as."""
    digest = sha256(f"{identity.uid}:{files.data}".encode(errors="surrogateescape")).hexdigest()
    return Path(tempfile.gettempdir()) / f"bookstore-{digest[:16]}"


def _is_unfit(folder: Path) -> bool:
    too_long = len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_BYTES
    return too_long or not UNFIT_FOR_SOCKETS.isdisjoint(str(folder))


def clear_remains(cluster: Path, sockets: Path) -> None:
    """Remove what a dead server left; call with the server's lock held and no live server on the cluster."""
    for path in (cluster / "postmaster.pid", sockets / SOCKET_NAME, sockets / f"{SOCKET_NAME}.lock"):
        path.unlink(missing_ok=True)
