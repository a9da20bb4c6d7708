"""What the database made at first use is like, and how it is reached."""

import os
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.embedded import EmbeddedPostgres, EmbeddedPostgresError, cluster, files, server
from app.core.embedded.identity import NICENESS
from tests.embedded.conftest import Psql


async def test_url_serves_sqlalchemy(pg: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    with pg.running() as url:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            row = (await connection.execute(text("SELECT current_user, current_database()"))).one()
        await engine.dispose()
    assert tuple(row) == ("bookstore", "bookstore")


def test_url_names_another_database(pg: EmbeddedPostgres) -> None:
    with pg.running():
        assert pg.url("shop_test").startswith("postgresql+asyncpg://bookstore@/shop_test?host=")
        assert pg.psql_command("shop_test")[-1] == "--dbname=shop_test"


def test_letters_of_every_script_are_letters(fresh: EmbeddedPostgres, psql: Psql) -> None:
    with fresh.running():
        psql(fresh, "CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent")
        assert psql(fresh, "SELECT lower('ÉÄДÖ'), upper('é'), unaccent('Éàö')") == "éäдö|É|Eao"
        assert psql(fresh, "SELECT similarity('Дом', 'дом'), cardinality(show_trgm('né'))") == "1|3"


def test_titles_sort_by_code_point_in_utf8(fresh: EmbeddedPostgres, psql: Psql) -> None:
    with fresh.running():
        sql = "SELECT string_agg(t, '' ORDER BY t) FROM (VALUES ('é'), ('a'), ('Z'), ('z'), ('Б')) v(t)"
        assert psql(fresh, sql) == "ZazéБ"
        assert psql(fresh, "SHOW server_encoding") == "UTF8"


@pytest.mark.parametrize(("durable", "expected"), [(True, "on|on|on"), (False, "off|off|off")])
def test_durability_is_given_at_start(data: Path, psql: Psql, durable: bool, expected: str) -> None:
    pg = EmbeddedPostgres(data, durable=durable)
    sql = (
        "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')"
    )
    with pg.running():
        assert psql(pg, sql) == expected


def test_a_release_brings_its_settings(pg: EmbeddedPostgres, psql: Psql, monkeypatch: pytest.MonkeyPatch) -> None:
    with pg.running():
        assert psql(pg, "SELECT current_setting('max_connections'), current_setting('timezone')") == "200|UTC"
    monkeypatch.setitem(server.SETTINGS, "max_connections", "50")
    with pg.running():
        assert psql(pg, "SHOW max_connections") == "50"


def test_the_shop_comes_before_its_server_where_the_machine_is_busy(pg: EmbeddedPostgres) -> None:
    with pg.running():
        pid = pg.status().pid
        assert pid is not None
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, 19)


def test_only_its_owner_reaches_it_and_only_by_socket(pg: EmbeddedPostgres, made_once: Path, psql: Psql) -> None:
    with pg.running():
        socket_dir = pg.status().socket_dir
        assert socket_dir == made_once / "postgres.socket"
        assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
        assert stat.S_IMODE((made_once / "postgres").stat().st_mode) == 0o700
        assert psql(pg, "SHOW listen_addresses") == ""


@pytest.mark.parametrize("name", ["long" * 25, "a,b", "a:b", 'quo"te'])
def test_a_path_unfit_for_a_socket_gets_a_stable_private_one(open_folder: Path, psql: Psql, name: str) -> None:
    pg = EmbeddedPostgres(open_folder / name, durable=False)
    folders = []
    for _ in range(2):
        with pg.running():
            assert psql(pg, "SELECT 1") == "1"
            folder = pg.status().socket_dir
            assert folder
            assert not folder.is_relative_to(open_folder)
            assert len(os.fsencode(folder / files.SOCKET_NAME)) <= 100
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            folders.append(folder)
    assert folders[0] == folders[1]
    folders[0].rmdir()


@pytest.mark.parametrize("name", ["a b é", "dollar$HOME `id` & ; #", "100%20"])
def test_odd_letters_in_the_path_are_taken_as_they_are(open_folder: Path, psql: Psql, name: str) -> None:
    pg = EmbeddedPostgres(open_folder / name, durable=False)
    with pg.running():
        assert psql(pg, "SELECT 1") == "1"
    assert (open_folder / name / "postgres" / "PG_VERSION").exists()


def test_a_socket_folder_planted_by_another_is_refused(open_folder: Path) -> None:
    pg = EmbeddedPostgres(open_folder / "a,b", durable=False)
    with pg.running():
        folder = pg.status().socket_dir
    assert folder
    folder.rmdir()
    folder.symlink_to(open_folder)
    with pytest.raises(EmbeddedPostgresError, match="belongs to another user"), pg.running():
        pass
    folder.unlink()


def test_a_relative_folder_is_the_same_from_everywhere(
    pg: EmbeddedPostgres, made_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made_once.parent)
    with pg.running():
        assert EmbeddedPostgres(Path(made_once.name)).status() == pg.status()


def test_status_before_and_while_running(fresh: EmbeddedPostgres, data: Path) -> None:
    before = fresh.status()
    assert (before.running, before.pid, before.version, before.socket_dir) == (False, None, 18, None)
    assert not data.exists()
    with fresh.running():
        during = fresh.status()
    assert during.running
    assert during.pid
    assert (during.version, during.data, during.pinned) == (18, data, False)


def test_addresses_are_refused_while_nothing_runs(pg: EmbeddedPostgres) -> None:
    for ask in (pg.url, pg.psql_command):
        with pytest.raises(EmbeddedPostgresError, match="not running: start it first"):
            ask()


def test_an_absent_package_is_told(fresh: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _name: None)
    with pytest.raises(EmbeddedPostgresError, match="or set DATABASE_URL"):
        fresh.start()
