"""Run a command in a user namespace where our user bears another number: `namespace.py UID COMMAND ARGUMENT…`.

PostgreSQL refuses to run as user 0. In here root appears as an ordinary user to it, while its files stay root's on
disk and nothing beyond root's own folders has to be opened to anybody. Linux only. A script of its own, because only
a process of one thread may enter a namespace; with ctypes, because `os.unshare` came with Python 3.12.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000


def enter(inner_uid: str) -> None:
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    # The kernel lets a group be mapped only once setgroups has been given up.
    Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
    Path("/proc/self/uid_map").write_text(f"{inner_uid} {user} 1", encoding="utf-8")
    Path("/proc/self/gid_map").write_text(f"{inner_uid} {group} 1", encoding="utf-8")


def main() -> None:
    _, inner_uid, *command = sys.argv
    try:
        enter(inner_uid)
    except OSError as error:
        sys.exit(f"cannot enter a user namespace: {error.strerror}")
    os.execv(command[0], command)  # noqa: S606 - the command is the launcher's own


if __name__ == "__main__":
    main()
