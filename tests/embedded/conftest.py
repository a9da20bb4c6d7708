"""Data folders in places that differ in who may enter them, and processes that use the database in them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import app
from app.core.embedded import EmbeddedPostgres
from app.core.embedded.cluster import program

ROOT = Path(app.__file__).parents[1]
STRANGER = 61234  # no user of the system has this number

# What is imported after the switch may lie where the other user cannot go, so everything is loaded before it.
PREPARE = """
import os, subprocess, sys
from pathlib import Path
from app.core.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.core.embedded.cluster import bundled_major
bundled_major()
data = Path(sys.argv[1])
if uid := int(sys.argv[2]):
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
pg = EmbeddedPostgres(data, durable=False)
"""
USE = """
with pg.running() as url:
    print(pg.status().pid, flush=True)
    sys.stdin.readline()
"""

Kill = Callable[[EmbeddedPostgres], int]
Psql = Callable[[EmbeddedPostgres, str], str]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Spawn = Callable[..., "subprocess.Popen[str]"]


def words(script: str, data: Path, uid: int) -> list[str]:
    return [sys.executable, "-c", PREPARE + script, str(data), str(uid)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Everybody may enter it."""
    folder = Path(tempfile.mkdtemp(prefix="open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="closed-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / "var"
    yield folder
    if folder.is_dir():
        EmbeddedPostgres(folder).stop(force=True)


@pytest.fixture
def fresh(data: Path) -> EmbeddedPostgres:
    """Never started: its cluster is still to be made."""
    return EmbeddedPostgres(data, durable=False)


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A data folder whose cluster is made already, since that takes longest."""
    folder = Path(tempfile.mkdtemp(prefix="made-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder, durable=False).running():
        pass
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def pg(made_once: Path) -> Iterator[EmbeddedPostgres]:
    """For tests that leave the cluster as it is."""
    yield EmbeddedPostgres(made_once, durable=False)
    EmbeddedPostgres(made_once).stop(force=True)


@pytest.fixture
def own(fresh: EmbeddedPostgres, data: Path, made_once: Path) -> EmbeddedPostgres:
    """For tests that damage the cluster: theirs is a copy."""
    subprocess.run(["cp", "-Rp", str(made_once), str(data)], check=True)
    return fresh


@pytest.fixture
def run_script() -> Run:
    def run(script: str, data: Path, uid: int = 0) -> "subprocess.CompletedProcess[str]":
        command = words(script, data, uid)
        return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=100)

    return run


@pytest.fixture
def spawn_user() -> Iterator[Spawn]:
    """A process that uses the database until it reads a line; its first line is the server's pid."""
    spawned: list[subprocess.Popen[str]] = []

    def spawn(data: Path, script: str = USE) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            words(script, data, 0), stdin=pipe, stdout=pipe, text=True, env=environment(), start_new_session=True
        )
        spawned.append(child)
        return child

    yield spawn
    for child in spawned:
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
        child.communicate()


@pytest.fixture
def psql() -> Psql:
    def ask(pg: EmbeddedPostgres, sql: str) -> str:
        command = [*pg.psql_command(), "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-qAtc", sql]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    return ask


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")


@pytest.fixture
def nobody_reaches_installation(as_root: None, open_folder: Path) -> None:
    reach = [str(program("postgres")), "--version"]
    try:
        subprocess.run(
            reach, user=STRANGER, group=STRANGER, extra_groups=[], cwd="/", check=True, capture_output=True
        )
    except PermissionError:
        pytest.skip("no other user can reach the installed PostgreSQL")


@pytest.fixture
def kill_server() -> Kill:
    """SIGKILL to the server; the pid that was."""

    def kill(pg: EmbeddedPostgres) -> int:
        process = psutil.Process(pg.status().pid)
        process.kill()
        process.wait(timeout=10)
        return int(process.pid)

    return kill
