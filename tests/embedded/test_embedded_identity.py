"""As whom the server runs: an ordinary user as itself, root as nobody or, in closed places, in a user namespace."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.core.embedded import EmbeddedPostgres, EmbeddedPostgresError, identity, namespace, server
from app.core.embedded.cluster import program
from tests.embedded.conftest import STRANGER, Psql, Run

NOBODY = 65534
OURS = """
with pg.running():
    command = [*pg.psql_command(), "-Atc", "SELECT current_database()"]
    print(subprocess.run(command, capture_output=True, text=True, cwd="/").stdout.strip())
    print(Path(f"/proc/{pg.status().pid}").stat().st_uid)
print(pg.status().running)
"""
TELL = """
try:
    pg.start()
except EmbeddedPostgresError as error:
    print(error)
"""
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="user namespaces exist on Linux only")


def owners(tree: Path) -> set[int]:
    return {tree.lstat().st_uid} | {path.lstat().st_uid for path in tree.rglob("*")}


def namespace_of(pid: int | None) -> str:
    return str(Path(f"/proc/{pid or 'self'}/ns/user").readlink())


def life(pg: EmbeddedPostgres, psql: Psql) -> tuple[int, bool]:
    """The server's user on the system, and whether it has a user namespace of its own."""
    with pg.running():
        assert psql(pg, "SELECT current_database()") == "bookstore"
        pid = pg.status().pid
        seen = psutil.Process(pid).uids().real, namespace_of(pid) != namespace_of(None)
    assert not pg.status().running
    return seen


@linux_only
def test_root_serves_an_open_folder_as_nobody(
    nobody_reaches_installation: None, fresh: EmbeddedPostgres, data: Path, psql: Psql
) -> None:
    assert life(fresh, psql) == (NOBODY, False)
    assert owners(data / "postgres") == {NOBODY}
    assert data.stat().st_uid == 0


@linux_only
def test_root_serves_a_closed_folder_as_itself_under_another_number(
    as_root: None, closed_folder: Path, psql: Psql
) -> None:
    data = closed_folder / "var"
    assert life(EmbeddedPostgres(data, durable=False), psql) == (0, True)
    assert owners(data / "postgres") == {0}
    assert stat.S_IMODE(closed_folder.stat().st_mode) == 0o700


@linux_only
def test_closed_programs_decide_as_closed_folders_do(
    as_root: None,
    closed_folder: Path,
    fresh: EmbeddedPostgres,
    psql: Psql,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (closed_folder / "bin").symlink_to(program("postgres").parent)
    monkeypatch.setattr(server, "program", lambda name: closed_folder / "bin" / name)
    assert life(fresh, psql) == (0, True)
    assert stat.S_IMODE(closed_folder.stat().st_mode) == 0o700


@linux_only
def test_nobody_keeps_none_of_roots_groups(nobody_reaches_installation: None, pg: EmbeddedPostgres) -> None:
    before = os.getgroups()
    os.setgroups([0, 4])
    try:
        with pg.running():
            status = Path(f"/proc/{pg.status().pid}/status").read_text()
    finally:
        os.setgroups(before)
    groups = next(line for line in status.splitlines() if line.startswith("Groups:"))
    assert groups.split() == ["Groups:"]


@linux_only
def test_a_cluster_that_is_closed_in_later_goes_on(
    nobody_reaches_installation: None, own: EmbeddedPostgres, data: Path, psql: Psql
) -> None:
    with own.running():
        psql(own, "CREATE TABLE kept AS SELECT 42 AS answer")
    data.parent.chmod(0o700)
    assert life(own, psql) == (0, True)
    assert owners(data / "postgres") == owners(data / "postgres.socket") == {0}
    data.parent.chmod(0o755)
    assert life(own, psql) == (0, True)  # its owner stays
    with own.running():
        assert psql(own, "SELECT answer FROM kept") == "42"


@linux_only
def test_without_namespaces_roots_cluster_goes_to_nobody(
    nobody_reaches_installation: None,
    fresh: EmbeddedPostgres,
    data: Path,
    psql: Psql,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data.mkdir(mode=0o700)
    assert life(fresh, psql) == (0, True)
    data.chmod(0o755)
    monkeypatch.setattr(namespace, "__file__", "/no/namespace.py")
    assert life(fresh, psql) == (NOBODY, False)
    assert owners(data / "postgres") == owners(data / "postgres.socket") == {NOBODY}


def test_root_is_told_when_nobody_can_serve(
    as_root: None, closed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(namespace, "__file__", "/no/namespace.py")
    with pytest.raises(EmbeddedPostgresError, match="start Bookstore as an ordinary user, or move both"):
        EmbeddedPostgres(closed_folder).start()


@linux_only
def test_a_refused_namespace_says_so_and_runs_nothing(as_root: None, tmp_path: Path) -> None:
    """As in a container that forbids namespaces: the command is not run as root instead."""
    mark = tmp_path / "ran"
    command = [sys.executable, "-I", "-S", str(namespace.__file__), str(NOBODY), "/usr/bin/touch", str(mark)]
    # Such a place is itself a namespace here: the limit set in there binds nobody else.
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    place = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"]
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare of util-linux")
    done = subprocess.run([*place, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("cannot enter a user namespace")
    assert not mark.exists()


@linux_only
def test_an_ordinary_user_serves_itself(
    nobody_reaches_installation: None, open_folder: Path, run_script: Run
) -> None:
    os.chown(open_folder, NOBODY, NOBODY)
    done = run_script(OURS, open_folder / "var", NOBODY)
    assert done.stdout.split() == ["bookstore", str(NOBODY), "False"], done.stderr
    assert owners(open_folder / "var") == {NOBODY}


@linux_only
def test_root_serves_an_ordinary_users_cluster_as_that_user(
    nobody_reaches_installation: None, open_folder: Path, run_script: Run, psql: Psql
) -> None:
    """And leaves nothing behind that shuts the owner out."""
    user = 1  # daemon, whom every system has
    os.chown(open_folder, user, user)
    data = open_folder / "var"
    assert run_script(OURS, data, user).stdout.split()[:2] == ["bookstore", str(user)]
    assert life(EmbeddedPostgres(data, durable=False), psql) == (user, False)
    assert owners(data) == {user}
    assert run_script(OURS, data, user).stdout.split()[:2] == ["bookstore", str(user)]


def test_an_ordinary_user_is_refused_another_ones_cluster(
    nobody_reaches_installation: None, pg: EmbeddedPostgres, made_once: Path, run_script: Run
) -> None:
    with pg.running():
        pass
    done = run_script(TELL, made_once, STRANGER)
    assert f"belongs to user {NOBODY}: start Bookstore as that user or as root" in done.stdout, done.stderr


def test_an_unwritable_folder_is_told(nobody_reaches_installation: None, open_folder: Path, run_script: Run) -> None:
    done = run_script(TELL, open_folder / "var", STRANGER)
    assert "make it writable, or point BOOKSTORE_DATA at another folder" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr


def test_a_user_without_an_entry_is_told(
    nobody_reaches_installation: None, open_folder: Path, run_script: Run
) -> None:
    os.chown(open_folder, STRANGER, STRANGER)
    done = run_script(TELL, open_folder / "var", STRANGER)
    assert f"could not look up effective user ID {STRANGER}" in done.stdout, done.stderr


def test_an_interrupted_change_of_owner_is_finished(as_root: None, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "1").touch()
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.chown(tmp_path / "base", NOBODY, NOBODY)
    identity.SystemUser(NOBODY, NOBODY).own(tmp_path)
    assert owners(tmp_path) == {NOBODY}
    assert Path("/etc/passwd").stat().st_uid == 0
