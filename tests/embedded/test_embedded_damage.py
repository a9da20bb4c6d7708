"""Crashes are recovered from; what cannot be used is told in one sentence that says what to do."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.core.embedded import EmbeddedPostgres, EmbeddedPostgresError, cluster, locks, postmaster, server
from tests.embedded.conftest import Kill, Psql, Spawn


def server_pid(pg: EmbeddedPostgres) -> int:
    pid = pg.status().pid
    assert pid
    return pid


def message_of(pg: EmbeddedPostgres) -> str:
    with pytest.raises(EmbeddedPostgresError) as caught:
        pg.start()
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith((".", ".log."))
    return said


def test_a_killed_server_is_started_again_with_all_that_was_committed(
    own: EmbeddedPostgres, data: Path, psql: Psql, kill_server: Kill
) -> None:
    EmbeddedPostgres(data, durable=True).start()
    psql(own, "CREATE TABLE kept AS SELECT 42 AS answer")
    dead = kill_server(own)
    with own.running():
        assert server_pid(own) != dead
        assert psql(own, "SELECT answer FROM kept") == "42"


def test_a_start_waits_for_the_sessions_of_a_killed_server(
    pg: EmbeddedPostgres, psql: Psql, kill_server: Kill
) -> None:
    pg.start()
    # A session that computes does not notice that its server died.
    busy = "SET statement_timeout = '2s'; SELECT count(*) FROM generate_series(1, 1000000000)"
    command = [*pg.psql_command(), "--no-psqlrc", "-qAtc", busy]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        while psql(pg, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SET statement%'") == "0":
            pass
        kill_server(pg)
        with pg.running():
            assert psql(pg, "SELECT 1") == "1"
            assert client.wait(timeout=10) != 0


def test_sessions_that_never_end_are_told(pg: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    with pg.running():
        pass
    lock = locks.claim(pg._files.server)
    assert lock is not None
    monkeypatch.setattr(server, "START_SECONDS", 0.1)
    assert "end them" in message_of(pg)
    os.close(lock)


@pytest.mark.parametrize("proc", ["/proc", "/no/proc"])
def test_a_pid_file_that_names_an_unrelated_process_is_cleared(
    own: EmbeddedPostgres, data: Path, monkeypatch: pytest.MonkeyPatch, kill_server: Kill, proc: str
) -> None:
    monkeypatch.setattr(postmaster, "PROC", Path(proc))
    own.start()
    pid = server_pid(own)
    stale = [data / "postgres" / "postmaster.pid", data / "postgres.socket" / ".s.PGSQL.5432.lock"]
    texts = [path.read_text() for path in stale]
    kill_server(own)
    owner = (data / "postgres").stat()
    with subprocess.Popen(["sleep", "100"], user=owner.st_uid if os.geteuid() == 0 else None) as unrelated:
        for path, text in zip(stale, texts, strict=True):
            path.write_text(text.replace(str(pid), str(unrelated.pid), 1))
        with own.running():
            assert server_pid(own) not in {pid, unrelated.pid}
        assert unrelated.poll() is None
        unrelated.kill()


def test_the_whole_life_works_without_proc(pg: EmbeddedPostgres, psql: Psql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postmaster, "PROC", Path("/no/proc"))
    with pg.running():
        assert psql(pg, "SELECT 1") == "1"
    assert not pg.status().running


def test_a_server_that_is_not_ours_is_not_touched(own: EmbeddedPostgres, data: Path) -> None:
    own.start()
    pid = server_pid(own)
    (data / "postgres.lock" / "server").unlink()  # now it looks as if started by hand
    assert f"process {pid}" in message_of(own)
    process = psutil.Process(pid)
    assert process.is_running()
    process.send_signal(signal.SIGINT)
    psutil.wait_procs([process], timeout=30)


def test_a_half_made_cluster_does_not_block(fresh: EmbeddedPostgres, data: Path) -> None:
    (data / "postgres.new" / "base").mkdir(parents=True)
    (data / "postgres.new" / "PG_VERSION").write_text("18\n")
    with fresh.running():
        assert not (data / "postgres.new").exists()


def test_a_kill_in_the_middle_of_making_it_does_not_block(
    fresh: EmbeddedPostgres, data: Path, psql: Psql, spawn_user: Spawn
) -> None:
    child = spawn_user(data)
    while not (data / "postgres.new" / "PG_VERSION").exists():
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not (data / "postgres").exists()
    with fresh.running():
        assert psql(fresh, "SELECT current_database()") == "bookstore"
    assert sorted(path.name for path in data.iterdir()) == [
        "postgres", "postgres.lock", "postgres.log", "postgres.socket"
    ]  # fmt: skip


def test_another_major_version_is_refused(own: EmbeddedPostgres, data: Path) -> None:
    with own.running():
        pass
    (data / "postgres" / "PG_VERSION").write_text("17\n")
    said = message_of(own)
    assert "made by PostgreSQL 17 and this release brings 18: dump it" in said
    assert "BOOKSTORE_DATA" in said
    assert own.status().version == 17


def test_a_folder_that_is_no_cluster_is_refused_and_kept(fresh: EmbeddedPostgres, data: Path) -> None:
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "holiday.jpg").touch()
    assert "is not a PostgreSQL cluster: move it away" in message_of(fresh)
    assert (data / "postgres" / "holiday.jpg").exists()


def test_an_empty_folder_becomes_the_cluster(fresh: EmbeddedPostgres, data: Path) -> None:
    (data / "postgres").mkdir(parents=True)
    with fresh.running():
        assert (data / "postgres" / "PG_VERSION").exists()


def test_a_file_in_place_of_the_data_folder_is_told(open_folder: Path) -> None:
    path = open_folder / "var"
    path.touch()
    assert "point BOOKSTORE_DATA at another folder" in message_of(EmbeddedPostgres(path))
    assert "point BOOKSTORE_DATA at another folder" in message_of(EmbeddedPostgres(path / "below"))


def test_a_damaged_cluster_is_told_with_the_servers_last_word(own: EmbeddedPostgres, data: Path) -> None:
    with own.running():
        pass
    (data / "postgres" / "global" / "pg_control").unlink()
    said = message_of(own)
    assert "PostgreSQL 18 did not start: " in said
    assert "pg_control" in said
    assert not own.status().running


def test_an_unusable_configuration_is_told_with_the_servers_last_word(
    pg: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.SETTINGS, "max_connections", "many")
    assert 'invalid value for parameter "max_connections": "many"' in message_of(pg)


def test_a_failing_initdb_is_told_and_leaves_no_cluster(
    fresh: EmbeddedPostgres, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ROLE", "pg_reserved")
    assert 'superuser name "pg_reserved" is disallowed' in message_of(fresh)
    monkeypatch.undo()
    assert not (data / "postgres").exists()
    fresh.start()


def test_a_failing_create_database_is_told_and_leaves_no_cluster(
    fresh: EmbeddedPostgres, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "DATABASE", "postgres")
    assert 'database "postgres" already exists' in message_of(fresh)
    assert not (data / "postgres").exists()


def test_a_missing_locale_gives_way_to_the_next(
    fresh: EmbeddedPostgres, psql: Psql, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = cluster.CHARACTER_TYPES[0]
    monkeypatch.setattr(cluster, "CHARACTER_TYPES", ("xx_XX.UTF-8",))
    assert "knows no locale xx_XX.UTF-8" in message_of(fresh)
    monkeypatch.setattr(cluster, "CHARACTER_TYPES", ("xx_XX.UTF-8", known))
    with fresh.running():
        assert psql(fresh, "SELECT datctype FROM pg_database WHERE datname = 'bookstore'") == known


@pytest.mark.skipif(sys.platform != "linux", reason="stopping a process's threads from outside is a Linux matter")
def test_a_server_that_does_not_end_is_told(pg: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    pg.start()
    pid = server_pid(pg)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(server, "STOP_SECONDS", 0.1)
    with pytest.raises(EmbeddedPostgresError, match="did not stop within"):
        pg.stop()
    os.kill(pid, signal.SIGCONT)


def test_a_vanished_data_folder_is_made_anew(fresh: EmbeddedPostgres, data: Path) -> None:
    with fresh.running():
        pass
    shutil.rmtree(data)
    with fresh.running():
        assert (data / "postgres").exists()
