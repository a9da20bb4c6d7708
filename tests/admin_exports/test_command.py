"""`bookstore export`."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest

from tests.admin_exports.support import Row, ask, names, read
from tests.command import BOOKSTORE, bookstore, environment
from tests.support import Shop


@pytest.fixture
def settings_of_command(database_url: str, tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}


async def run(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(bookstore, "export", *words, **settings)


async def test_the_command_writes_what_the_operation_answers(
    live: Shop, settings_of_command: dict[str, str], tmp_path: Path
):
    await live.book(title="Émile\n", author="=cmd")
    for name in ("books", "movements", "orders"):
        output = tmp_path / f"{name}.csv"
        done = await run(name, "--output", output, **settings_of_command)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert output.read_bytes() == (await ask(live, await live.admin(), name)).content
    assert names(tmp_path) == {"books.csv", "movements.csv", "orders.csv"}


async def to_standard_output(settings: dict[str, str], *words: str) -> list[Row]:
    process = await asyncio.create_subprocess_exec(
        BOOKSTORE, "export", "books", *words, env=environment(settings), stdout=asyncio.subprocess.PIPE
    )
    content, _ = await process.communicate()
    assert process.returncode == 0
    return read(content)


async def test_without_a_file_it_writes_to_standard_output(live: Shop, settings_of_command: dict[str, str]):
    await live.book(title="One")
    period = ["--from", "2020-01-01", "--to", "2999-01-01T00:00:00Z"]
    assert [row["title"] for row in await to_standard_output(settings_of_command, *period)] == ["One"]
    assert await to_standard_output(settings_of_command, "--to", "2020-01-01") == []


async def test_the_books_can_be_imported_again(live: Shop, settings_of_command: dict[str, str], tmp_path: Path):
    genre = await live.genre("Poetry")
    await live.book(title="Émile, or “Education”", isbn="9780060512750", genre_id=genre, description="Two\nlines")
    output = tmp_path / "books.csv"
    await run("books", "--output", output, **settings_of_command)
    done = await asyncio.to_thread(bookstore, "import", output, "--dry-run", **settings_of_command)
    assert done.returncode == 0, done.stderr
    created, updated, unchanged, rejected, _ = re.findall(r"\d+", done.stdout.split("┡")[1].splitlines()[1])
    assert (created, updated, unchanged, rejected) == ("0", "0", "1", "0"), done.stdout


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["shelves"], 2, "shelves"),
        (["books", "--from", "yesterday"], 2, "write a date"),
        (["books", "--output", "/nowhere/at/all.csv"], 1, "No such file"),
    ],
)
async def test_mistakes_are_a_sentence(
    live: Shop, settings_of_command: dict[str, str], words: list[str], code: int, sentence: str
):
    done = await run(*words, **settings_of_command)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_reader_who_has_seen_enough_gets_no_traceback(live: Shop, settings_of_command: dict[str, str]):
    await live.rows(
        "INSERT INTO books (title, author, price, description) "
        "SELECT 'T' || n, 'A', 1, repeat('x', 500) FROM generate_series(1, 2000) n"
    )
    command = f"{BOOKSTORE} export books | head -c 100"
    done = await asyncio.to_thread(
        subprocess.run, ["bash", "-c", command], env=environment(settings_of_command), capture_output=True, check=True
    )
    assert len(done.stdout) == 100
    assert done.stderr == b""
