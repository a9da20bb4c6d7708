"""What the pid file of a cluster tells, and whether the process it names is really its server."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
PID, SOCKET_FOLDER, STATUS = 0, 4, 7  # lines of postmaster.pid, fixed by PostgreSQL


@dataclass(frozen=True)
class Postmaster:
    pid: int
    socket_dir: Path
    ready: bool


def read_postmaster(cluster: Path) -> Postmaster | None:
    """What postmaster.pid says, true or stale; None until the server has written all of it."""
    try:
        lines = (cluster / "postmaster.pid").read_bytes().splitlines()
        return Postmaster(int(lines[PID]), Path(os.fsdecode(lines[SOCKET_FOLDER])), lines[STATUS].strip() == b"ready")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def is_server_of(pid: int, cluster: Path) -> bool:
    """The process lives and is a PostgreSQL of that cluster: numbers are given again after a crash or a reboot."""
    command = f"{_command_line(pid)} "
    return "postgres" in command and f" -D {cluster} " in command


def live_postmaster(cluster: Path) -> Postmaster | None:
    """The server at work on the cluster, ready or not."""
    postmaster = read_postmaster(cluster)
    return postmaster if postmaster and is_server_of(postmaster.pid, cluster) else None


def _command_line(pid: int) -> str:
    """The words of a process, a blank between them; empty when there is no such process or it is a zombie."""
    if (PROC / "self").exists():
        try:
            return os.fsdecode((PROC / str(pid) / "cmdline").read_bytes()).replace("\0", " ")
        except OSError:
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603
