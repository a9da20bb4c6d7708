"""`bookstore verify`: exit code 0 when all laws hold, 1 with the offending rows when one does not."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from app.verify.invariants import INVARIANTS
from tests.command import bookstore, bookstore_here


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a shop with the demo catalogue."""
    settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
    assert bookstore_here("seed", **settings).returncode == 0
    return settings


def test_a_sound_shop_is_exit_code_0(shop: dict[str, str]):
    done = bookstore("verify", **shop)
    assert done.returncode == 0, done.stderr
    assert f"All {len(INVARIANTS)} laws hold." in done.stdout
    assert all(law.name in done.stdout and law.sentence in done.stdout for law in INVARIANTS)


async def test_a_broken_law_is_exit_code_1_and_shows_its_rows(shop: dict[str, str], raw: asyncpg.Connection):
    await raw.execute(
        "UPDATE books SET stock_quantity = 1000 WHERE id IN (SELECT id FROM books ORDER BY id LIMIT 12)"
    )
    first = await raw.fetchval("SELECT min(id) FROM books")
    done = await asyncio.to_thread(bookstore_here, "verify", **shop)
    assert done.returncode == 1
    assert done.stderr == ""
    assert f"1 of {len(INVARIANTS)} laws broken." in done.stdout
    assert f"  book_id={first}  stock_quantity=1000  sum_of_movements=" in done.stdout
    assert done.stdout.count("  book_id=") == 10
    assert "  … and 2 more" in done.stdout
