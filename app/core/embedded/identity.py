"""As whom PostgreSQL runs: ourselves, or, since it refuses root, somebody root can turn into without a new user."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.embedded import namespace
from app.core.embedded.errors import EmbeddedPostgresError

NOBODY = 65534
SHELL = "/bin/sh"
REACH = 'cd "$1" && exec "$2" --version'
# One process of Python that all wait for comes before the many of the server that wait for it.
NICENESS = 5
BACKGROUND = f'nice -n {NICENESS} "$@" &'
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class SystemUser:
    """An owner of files on disk, and how a process is started that may use them."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switches_user: bool = False

    def run(
        self, command: Sequence[str], *, output: int, stdin: int = subprocess.DEVNULL, lock: int | None = None
    ) -> int:
        """The exit code. The child, its children too, share the lock; they are out of reach of the terminal's Ctrl-C.

        `output` is a file: a pipe would stay open as long as a server started here lives.
        """
        return subprocess.run(  # noqa: S603 - no shell reads the words of the command
            [*self.prefix, *command],
            check=False,
            stdin=stdin,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            pass_fds=() if lock is None else (lock,),
            user=self.uid if self.switches_user else None,
            group=self.gid if self.switches_user else None,
            extra_groups=[] if self.switches_user else None,
        ).returncode

    def run_in_background(self, command: Sequence[str], *, output: int, lock: int) -> None:
        """The shell leaves at once, so that the command belongs to init, which buries it when it ends."""
        self.run([SHELL, "-c", BACKGROUND, SHELL, *command], output=output, lock=lock)

    def can_reach(self, folder: Path, program: Path) -> bool:
        try:
            command = [SHELL, "-c", REACH, SHELL, str(folder), str(program)]
            return self.run(command, output=subprocess.DEVNULL) == 0
        except OSError:  # a system that knows no such user
            return False

    def own(self, tree: Path) -> None:
        """Make the tree ours if it is another's; its root goes last, so that a half-done change is begun again."""
        if tree.lstat().st_uid == self.uid:
            return
        for folder, folders, files in os.walk(tree):
            for name in folders + files:
                os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)
        os.chown(tree, self.uid, self.gid, follow_symlinks=False)


def choose_identity(data: Path, cluster: Path, program: Path) -> SystemUser:
    """The owner of the cluster if it can reach data folder and program, else the first other that can.

    Raises:
        EmbeddedPostgresError: nobody that root can become reaches these paths.
    """
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid())
    for identity in _substitutes_for_root(cluster.lstat() if cluster.exists() else None):
        if identity.can_reach(data, program):
            return identity
    raise EmbeddedPostgresError(
        f"PostgreSQL refuses to run as root, and no other user can reach both {data} and {program}:"
        " start Bookstore as an ordinary user, or move both below folders that everybody may enter (chmod o+x)."
    )


def check_owner(cluster: Path) -> None:
    """Only root may use another user's cluster.

    Raises:
        EmbeddedPostgresError: it is another user's, and we are not root.
    """
    if cluster.exists() and os.geteuid() not in {0, cluster.stat().st_uid}:
        raise EmbeddedPostgresError(
            f"The database in {cluster} belongs to user {cluster.stat().st_uid}:"
            " start Bookstore as that user or as root, or point BOOKSTORE_DATA at another folder."
        )


def _substitutes_for_root(owner: os.stat_result | None) -> list[SystemUser]:
    uid, gid = _nobody()
    nobody = SystemUser(uid, gid, switches_user=True)
    # -I and -S: the script needs the standard library only, and starts in milliseconds so.
    prefix = (sys.executable, "-I", "-S", namespace.__file__, str(uid))
    renamed_root = SystemUser(os.geteuid(), os.getegid(), prefix=prefix)
    if owner is None:
        return [nobody, renamed_root]
    if owner.st_uid == os.geteuid():
        return [renamed_root, nobody]
    return [SystemUser(owner.st_uid, owner.st_gid, switches_user=True), nobody, renamed_root]


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY, NOBODY
    return entry.pw_uid, entry.pw_gid


def _environment() -> dict[str, str]:
    """Neither the shop's secrets nor PGPORT and its kind reach the server."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {"LC_ALL": "C", "TZ": "UTC"}
