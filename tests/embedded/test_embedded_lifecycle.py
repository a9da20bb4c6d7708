"""The server is there while somebody needs it, and nobody is hurt by another's end."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from app.core.embedded import EmbeddedPostgres, EmbeddedPostgresError, server
from app.core.embedded.files import Files
from tests.embedded.conftest import Kill, Psql, Run, Spawn


def first_line(child: "subprocess.Popen[str]") -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def test_the_last_user_stops_it(pg: EmbeddedPostgres, made_once: Path) -> None:
    other = EmbeddedPostgres(made_once, durable=False)
    with pg.running():
        with other.running():
            assert pg.status().running
        assert pg.status().running
    assert not pg.status().running
    assert not (made_once / "postgres" / "postmaster.pid").exists()


def test_four_processes_on_a_fresh_folder_share_one_server(
    fresh: EmbeddedPostgres, data: Path, spawn_user: Spawn
) -> None:
    children = [spawn_user(data) for _ in range(4)]
    pids = {first_line(child) for child in children}
    assert len(pids) == 1
    process = psutil.Process(int(pids.pop()))
    for child in children[:3]:
        child.communicate("\n")
        assert fresh.status().running
    children[3].communicate("\n")
    assert {child.returncode for child in children} == {0}
    assert not fresh.status().running
    process.wait(timeout=10)


def test_joining_and_leaving_at_once_never_meets_a_stopped_server(pg: EmbeddedPostgres, psql: Psql) -> None:
    answers: list[str] = []

    def visit() -> None:
        for _ in range(5):
            with pg.running():
                answers.append(psql(pg, "SELECT 1"))

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["1"] * 20
    assert not pg.status().running


def test_who_comes_while_the_last_one_leaves_gets_a_new_server(
    pg: EmbeddedPostgres, psql: Psql, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[str] = []
    inside = threading.Event()
    stopped = threading.Event()
    stop = server.stop

    def come() -> None:
        with pg.running():
            inside.set()
            stopped.wait(20)
            answers.append(psql(pg, "SELECT 1"))

    def stop_in_company(files: Files) -> None:
        monkeypatch.setattr(server, "stop", stop)
        newcomer.start()
        assert not inside.wait(0.5), "somebody joined a server that is about to stop"
        stop(files)
        stopped.set()

    newcomer = threading.Thread(target=come)
    monkeypatch.setattr(server, "stop", stop_in_company)
    with pg.running():
        pass
    newcomer.join()
    assert answers == ["1"]


def test_a_started_one_stays_until_it_is_stopped(pg: EmbeddedPostgres, run_script: Run, made_once: Path) -> None:
    run_script("pg.start()", made_once)
    pid = pg.status().pid
    assert pid
    assert pg.status().pinned
    with pg.running():
        pass
    assert pg.status().pid == pid
    pg.stop()
    assert not pg.status().running
    assert not pg.status().pinned


def test_start_pins_one_that_runs(pg: EmbeddedPostgres) -> None:
    with pg.running():
        pg.start()
    assert pg.status().pinned


def test_a_pin_dies_with_its_server(pg: EmbeddedPostgres, kill_server: Kill) -> None:
    pg.start()
    kill_server(pg)
    with pg.running():
        assert not pg.status().pinned
    assert not pg.status().running


def test_stop_is_refused_while_another_process_uses_it(
    pg: EmbeddedPostgres, made_once: Path, spawn_user: Spawn
) -> None:
    pg.start()
    first_line(spawn_user(made_once))
    with pytest.raises(EmbeddedPostgresError, match="in use"):
        pg.stop()
    assert pg.status().running
    assert pg.status().pinned
    pg.stop(force=True)
    assert not pg.status().running


def test_stopping_what_does_not_run_is_no_error(fresh: EmbeddedPostgres, data: Path) -> None:
    fresh.stop()
    assert not data.exists()
    with fresh.running():
        pass
    fresh.stop()


def test_a_killed_user_uses_it_no_more_and_its_server_is_taken_over(
    pg: EmbeddedPostgres, made_once: Path, spawn_user: Spawn
) -> None:
    child = spawn_user(made_once)
    pid = int(first_line(child))
    child.send_signal(signal.SIGKILL)
    child.wait()
    with pg.running():
        assert pg.status().pid == pid
    assert not pg.status().running


def test_a_killed_user_does_not_hinder_stop(pg: EmbeddedPostgres, made_once: Path, spawn_user: Spawn) -> None:
    child = spawn_user(made_once)
    first_line(child)
    child.send_signal(signal.SIGKILL)
    child.wait()
    pg.stop()
    assert not pg.status().running


INTERRUPTED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a script may have been started with it ignored
with pg.running():
    try:
        print(pg.status().pid, flush=True)
        sys.stdin.readline()
    except KeyboardInterrupt:
        command = [*pg.psql_command(), "-Atc", "SELECT 'still here'"]
        print(subprocess.run(command, capture_output=True, text=True).stdout, flush=True)
"""


def test_ctrl_c_reaches_the_server_through_us_only(pg: EmbeddedPostgres, made_once: Path, spawn_user: Spawn) -> None:
    child = spawn_user(made_once, INTERRUPTED)
    first_line(child)
    os.killpg(child.pid, signal.SIGINT)
    assert "still here" in child.communicate()[0]
    assert child.returncode == 0
    assert not pg.status().running


def test_a_failing_block_leaves_no_server_and_keeps_its_error(pg: EmbeddedPostgres) -> None:
    with pytest.raises(FileNotFoundError, match="mine"), pg.running():
        raise FileNotFoundError("mine")
    assert not pg.status().running


@pytest.mark.skipif(sys.platform != "linux", reason="/proc shows open files on Linux only")
def test_the_server_inherits_its_lock_and_nothing_else(pg: EmbeddedPostgres, made_once: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    ours = {str(Path(f"/proc/self/fd/{fd}").readlink()) for fd in (reader, writer)}
    with pg.running():
        folder = Path(f"/proc/{pg.status().pid}/fd")
        held = [str(link.readlink()) for link in folder.iterdir()]
    os.close(reader)
    os.close(writer)
    assert not ours & set(held)
    assert [name for name in held if name.startswith(str(made_once / "postgres.lock"))] == [
        f"{made_once}/postgres.lock/server"
    ]
    assert held.count(str(made_once / "postgres.log")) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="/proc shows environments on Linux only")
def test_the_server_does_not_see_our_secrets(pg: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    monkeypatch.setenv("PGPORT", "1")
    with pg.running():
        environ = Path(f"/proc/{pg.status().pid}/environ").read_bytes()
    assert b"hush" not in environ
    assert b"PGPORT" not in environ


def test_our_own_files_and_children_are_as_before(pg: EmbeddedPostgres) -> None:
    process = psutil.Process()
    files, children = process.num_fds(), process.children()
    with pg.running():
        assert process.children() == children
    assert process.num_fds() == files
    assert process.children() == children


# The first process of a container inherits orphans and, as any parent, has to bury them.
FIRST_PROCESS = """
import ctypes, signal
PR_SET_CHILD_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
with pg.running():
    os.kill(pg.status().pid, signal.SIGKILL)
with pg.running():
    pid = pg.status().pid
print(Path(f"/proc/{pid}").exists())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets an ordinary process inherit orphans")
def test_the_first_process_of_a_container_buries_its_server(run_script: Run, data: Path) -> None:
    done = run_script(FIRST_PROCESS, data)
    assert done.stdout.strip() == "False", done.stderr


def test_a_large_log_is_put_aside_at_start(
    pg: EmbeddedPostgres, made_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "LOG_BYTES", 10)
    with pg.running():
        pass
    first = (made_once / "postgres.log").read_text()
    with pg.running():
        pass
    assert (made_once / "postgres.log.1").read_text() == first
    assert "ready to accept" in (made_once / "postgres.log").read_text()
