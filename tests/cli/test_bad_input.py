"""What can go wrong outside the shop's hands is one clear sentence and exit code 1 (2 for usage); never a traceback."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.command import bookstore, bookstore_here, free_port

NOBODY = 65534


def assert_one_sentence(run: subprocess.CompletedProcess[str], *words: str, code: int = 1) -> None:
    assert run.returncode == code, run.stderr
    said = run.stderr.strip()
    assert said.startswith("bookstore: ")
    assert said.endswith(".")
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in run.stderr + run.stdout
    for word in words:
        assert word in said, said


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path / "data")}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "books.csv"
    path.write_text("title,author,price\nOne,Somebody,9.99\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 20, ["CSV"]),
        (b"height,width\n1,2\n", ["title"]),
        (b"\xff\xfe" + b"\x00\xd8" * 40, ["header"]),
    ],
    ids=["empty", "binary", "unknown-columns", "wrong-encoding"],
)
def test_a_file_that_cannot_be_imported(shop: dict[str, str], tmp_path: Path, content: bytes, words: list[str]):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    assert_one_sentence(bookstore_here("import", path, **shop), *words)


def test_a_missing_file(shop: dict[str, str], tmp_path: Path):
    assert_one_sentence(bookstore_here("import", tmp_path / "none.csv", **shop), "none.csv")


def test_an_unknown_column_or_field_in_a_mapping(shop: dict[str, str], table: Path):
    assert_one_sentence(bookstore_here("import", table, "--map", "colour=title", **shop), "colour")
    assert_one_sentence(bookstore_here("import", table, "--map", "title=colour", **shop), "colour")
    assert_one_sentence(bookstore_here("import", table, "--map", "nonsense", **shop), "nonsense")


def test_an_import_needs_a_migrated_database(server_url: str, tmp_path: Path, table: Path):
    run = bookstore_here("import", table, DATABASE_URL=server_url, BOOKSTORE_DATA=str(tmp_path))
    assert_one_sentence(run, "bookstore migrate")


def test_a_port_in_use(shop: dict[str, str]):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_one_sentence(bookstore("serve", "--port", str(port), **shop), str(port), "in use", "--port")


def test_an_address_that_is_not_ours(shop: dict[str, str]):
    assert_one_sentence(bookstore("serve", "--host", "192.0.2.1", **shop), "192.0.2.1")


@pytest.mark.parametrize("command", [["serve", "--port", str(free_port())], ["migrate"], ["seed"]])
def test_a_database_that_is_down(tmp_path: Path, command: list[str]):
    nowhere = f"postgresql://bookstore@127.0.0.1:{free_port()}/bookstore"
    run = bookstore(*command, DATABASE_URL=nowhere, BOOKSTORE_DATA=str(tmp_path))
    assert_one_sentence(run, "does not answer")


def test_a_database_that_does_not_exist(server_url: str, tmp_path: Path):
    url = make_url(server_url).set(database="nonesuch").render_as_string(hide_password=False)
    run = bookstore_here("migrate", DATABASE_URL=url, BOOKSTORE_DATA=str(tmp_path))
    assert_one_sentence(run, "nonesuch")


@pytest.mark.parametrize("url", ["nonsense", "mysql://root@localhost/shop", "sqlite:///shop.db", "http://localhost"])
def test_a_wrong_database_url(tmp_path: Path, url: str):
    run = bookstore_here("migrate", DATABASE_URL=url, BOOKSTORE_DATA=str(tmp_path))
    assert_one_sentence(run, "DATABASE_URL", "postgresql://")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "staging"),
        ("LOCK_TIMEOUT_MS", "soon"),
        ("ALLOWED_ORIGINS", "http://a.example"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_wrong_setting(tmp_path: Path, name: str, value: str):
    assert_one_sentence(bookstore_here("migrate", **{"BOOKSTORE_DATA": str(tmp_path), name: value}), name)


def test_production_without_a_secret(tmp_path: Path):
    run = bookstore("serve", ENV="production", BOOKSTORE_DATA=str(tmp_path))
    assert_one_sentence(run, "SECRET_KEY", "32")


def test_a_data_folder_that_is_a_file(tmp_path: Path):
    (tmp_path / "var").write_text("not a folder")
    assert_one_sentence(bookstore("migrate", BOOKSTORE_DATA=str(tmp_path / "var")), "var")
    assert_one_sentence(
        bookstore("serve", BOOKSTORE_DATA=str(tmp_path / "var"), DATABASE_URL="postgresql:///x"), "var"
    )


def test_an_unwritable_data_folder(tmp_path: Path):
    """Root may write anywhere but below /proc; anybody else is stopped by the mode of the folder."""
    tmp_path.chmod(0o500)
    folder = Path("/proc/bookstore") if os.geteuid() == 0 else tmp_path / "var"
    assert_one_sentence(bookstore("serve", "--port", str(free_port()), BOOKSTORE_DATA=str(folder)), str(folder))
    tmp_path.chmod(0o700)


def test_an_admin_with_a_bad_address_or_password(shop: dict[str, str]):
    bad_address = bookstore_here("create-admin", "nobody", **shop, BOOKSTORE_ADMIN_PASSWORD="long enough")
    assert_one_sentence(bad_address, "email")
    assert "nobody" not in bad_address.stderr
    short = bookstore_here("create-admin", "a@example.com", **shop, BOOKSTORE_ADMIN_PASSWORD="short")
    assert_one_sentence(short, "password")


def test_the_embedded_server_is_not_ours_to_steer_with_a_database_url(shop: dict[str, str]):
    for command in ("start", "stop", "status"):
        assert_one_sentence(bookstore_here("db", command, **shop), "DATABASE_URL")


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--port", "0"],
        ["serve", "--colour"],
        ["nonsense"],
        ["import"],
        ["create-admin"],
        ["import", "x.csv", "--default-price", "cheap"],
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, words: list[str]):
    run = bookstore(*words, BOOKSTORE_DATA=str(tmp_path))
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert run.stderr
