"""Each law finds what breaks it, and nothing else does."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from app.verify.invariants import INVARIANTS
from tests.support import Shop
from tests.verify.breaks import ALLOWED, BREAKS, KEEP_BESIDE, KEPT_BESIDE
from tests.verify.support import broken, judged


async def run(connection: AsyncConnection, script: str) -> None:
    """Several statements at once, in the transaction of the test."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver
    await driver.execute(script)


async def test_a_settled_shop_breaks_no_law(settled: Shop):
    verification = await judged(settled)
    assert broken(verification) == {}
    assert verification.ok
    assert [finding.name for finding in verification.laws] == [law.name for law in INVARIANTS]


async def test_an_empty_shop_breaks_no_law(shop: Shop):
    assert broken(await judged(shop)) == {}


@pytest.mark.parametrize(
    ("law", "statements"),
    [
        pytest.param(law, statements, id=f"{law}-{number}")
        for law, ways in BREAKS.items()
        for number, statements in enumerate(ways, start=1)
    ],
)
async def test_exactly_the_law_that_is_broken_is_reported(
    settled: Shop, connection: AsyncConnection, law: str, statements: str
):
    kept = "" if law in KEPT_BESIDE else KEEP_BESIDE
    await run(connection, f"SET LOCAL session_replication_role = replica; {statements}; {kept}")
    verification = await judged(settled)
    found = broken(verification)
    assert set(found) == {law}, found
    assert not verification.ok
    assert found[law].offending_count == len(found[law].offending) >= 1


@pytest.mark.parametrize("event", ALLOWED)
async def test_what_may_happen_breaks_no_law(settled: Shop, connection: AsyncConnection, event: str):
    await run(connection, ALLOWED[event])
    assert broken(await judged(settled)) == {}


def test_each_law_has_a_name_of_its_own_and_statements_that_break_it():
    names = [law.name for law in INVARIANTS]
    assert len(set(names)) == len(names)
    assert set(names) == set(BREAKS)


def test_the_documentation_lists_the_laws(project: Path):
    page = (project / "docs" / "reliability.md").read_text(encoding="utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| `")]
    assert listed == [f"| `{law.name}` | {law.sentence} |" for law in INVARIANTS]
