"""Each command works while the shop is running on the embedded server and when it is not."""

import asyncio
import json
import re
import signal
import stat
from pathlib import Path

import asyncpg
import httpx2
import pytest

from app.cli.demo import catalogue
from app.core.db.server import driver_url, newest_revision
from app.core.embedded import EmbeddedPostgres
from tests.command import RunningShop, bookstore, serving

GREEDY = {"DB_POOL_SIZE": "150"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for this module: the commands build on one another as they would in life."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="module", params=["stopped", "running"])
def state(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory):
    if request.param == "stopped":
        assert bookstore("migrate", BOOKSTORE_DATA=str(data)).returncode == 0
        yield None
        return
    with serving(tmp_path_factory.mktemp("log") / "log", BOOKSTORE_DATA=str(data)) as shop:
        yield shop


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a migrated database that nobody uses between the tests."""
    folder = tmp_path_factory.mktemp("idle")
    assert bookstore("migrate", BOOKSTORE_DATA=str(folder)).returncode == 0
    return folder


def run(data: Path, *words: str | Path, **variables: str) -> str:
    done = bookstore(*words, BOOKSTORE_DATA=str(data), **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def count_books(data: Path, table: str = "books") -> int:
    """Asked without the command, whose start takes longer than the answer."""

    async def counted(url: str) -> int:
        connection = await asyncpg.connect(driver_url(url))
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()

    with EmbeddedPostgres(data).running() as url:
        return asyncio.run(counted(url))


def test_migrate_says_the_revision(state: RunningShop | None, data: Path):
    assert str(newest_revision()) in run(data, "migrate")


def test_seed_adds_the_demo_catalogue_once(state: RunningShop | None, data: Path):
    run(data, "seed")
    assert count_books(data) >= len(catalogue()) >= 120
    assert "already" in run(data, "seed")
    titles = run(data, "db", "psql", "-At", "-c", "SELECT count(*) - count(DISTINCT (title, author)) FROM books")
    assert titles.strip() == "0"


def test_import_reports_and_changes_nothing_the_second_time(state: RunningShop | None, data: Path, tmp_path: Path):
    table = tmp_path / "two.csv"
    table.write_text(f"Name;Writer;Cost\nOne of {state is None};Somebody;1,50\nTwo;Somebody;\n", encoding="utf-8")
    words: list[str | Path] = [
        "import",
        table,
        "--map",
        "Name=title",
        "--map",
        "Cost=price",
        "--default-price",
        "3",
        "--default-stock",
        "2",
    ]
    before = count_books(data)
    assert "created" in run(data, *words, "--dry-run")
    assert count_books(data) == before
    run(data, *words)
    added = count_books(data) - before
    assert added == (2 if state is None else 1)
    assert count_books(data, "stale_books") == 0
    run(data, *words)
    assert count_books(data) == before + added


def test_create_admin_makes_and_promotes(state: RunningShop | None, data: Path):
    address = "stopped@example.com" if state is None else "running@example.com"
    assert "administrator" in run(data, "create-admin", address, BOOKSTORE_ADMIN_PASSWORD="a long password")
    assert "new password" in run(data, "create-admin", address.upper(), BOOKSTORE_ADMIN_PASSWORD="another password")
    role = run(data, "db", "psql", "-At", "-c", f"SELECT role FROM users WHERE email = '{address}'")
    assert role.strip() == "ADMIN"


def test_create_admin_asks_for_the_password(state: RunningShop | None, data: Path):
    unanswered = bookstore("create-admin", "asked@example.com", BOOKSTORE_DATA=str(data))
    assert unanswered.returncode == 1
    assert "Password" in unanswered.stdout + unanswered.stderr
    assert "Traceback" not in unanswered.stderr


def test_status_tells_whether_it_runs(state: RunningShop | None, data: Path):
    assert ("running" if state else "stopped") in run(data, "db", "status")


def test_stop_is_refused_while_the_shop_uses_it(state: RunningShop | None, data: Path):
    refused = bookstore("db", "stop", BOOKSTORE_DATA=str(data))
    assert refused.returncode == (1 if state else 0)
    if state:
        assert "in use" in refused.stderr
        assert state.get("/health/ready").status_code == 200


def test_start_keeps_it_running_until_stop(idle: Path):
    run(idle, "db", "start")
    assert "kept running" in run(idle, "db", "status")
    run(idle, "db", "psql", "-c", "SELECT 1")
    assert "running" in run(idle, "db", "status")
    run(idle, "db", "stop")
    assert "stopped" in run(idle, "db", "status")


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_serve_stops_its_database_when_told_to_stop(idle: Path, tmp_path: Path, with_signal: int):
    with serving(tmp_path / "log", BOOKSTORE_DATA=str(idle), **GREEDY) as shop:
        assert "may open" not in shop.log.read_text()  # 173 connections, which are granted
        assert shop.stop(with_signal) == 0
    assert "Traceback" not in shop.log.read_text()
    assert "stopped" in run(idle, "db", "status")


def test_serve_finds_a_server_left_by_a_killed_shop(idle: Path, tmp_path: Path):
    with serving(tmp_path / "first", BOOKSTORE_DATA=str(idle)) as shop:
        shop.stop(signal.SIGKILL)
    assert "running" in run(idle, "db", "status")
    with serving(tmp_path / "second", BOOKSTORE_DATA=str(idle)) as shop:
        assert shop.get("/health/ready").status_code == 200
    assert "stopped" in run(idle, "db", "status")


def test_several_workers_share_metrics_and_may_want_more_connections_than_there_are(idle: Path, tmp_path: Path):
    """173 for one process are granted, 345 for two are not. Seen to fail without any of the terms of the sum."""
    with serving(tmp_path / "log", "--workers", "2", BOOKSTORE_DATA=str(idle), **GREEDY) as shop:
        assert "may open 345 connections and the database grants 197" in shop.log.read_text()
        assert shop.get("/health/ready").status_code == 200
        for _ in range(20):
            assert shop.get("/genres").status_code == 200
        counted = re.search(
            r'requests_total\{method="GET",route="/genres",status="200"\} (\d+)', shop.get("/metrics").text
        )
    assert counted
    assert int(counted[1]) == 20
    assert "stopped" in run(idle, "db", "status")


def test_a_demo_shop_prints_sign_ins_that_work_and_keeps_them(tmp_path: Path):
    data, log = tmp_path / "var", tmp_path / "log"
    printed = []
    for _ in range(2):
        with serving(log, "--demo", BOOKSTORE_DATA=str(data)) as shop:
            assert shop.get("/books").json()["total"] == len(catalogue())
            said = log.read_text()
            assert f"{shop.address.replace('127.0.0.1', 'localhost')}/docs" in said
            people = re.findall(r"(\S+@example\.com)\s+(\S+)", said)
            assert len(people) == 2
            roles = [sign_in(shop, email, password) for email, password in people]
            assert roles == ["admin", "user"]
            printed.append(people)
    assert printed[0] == printed[1]
    kept = data / "demo_sign_ins.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert {entry["password"] for entry in json.loads(kept.read_text())} == {password for _, password in printed[0]}


def sign_in(shop: RunningShop, email: str, password: str) -> str:
    tokens = httpx2.post(f"{shop.address}/auth/login", json={"email": email, "password": password}).json()
    me = httpx2.get(f"{shop.address}/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    return me.json()["role"]
