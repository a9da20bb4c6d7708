"""One shop of two server processes for all scenarios that can share it, and the table of what they came to."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from app.core.config import Settings
from app.core.db.server import driver_url
from tests.conftest import TEMPLATE
from tests.processes.support import Premises, Race, Tally, trading

TALLIES = pytest.StashKey[list[Tally]]()


@pytest.fixture(scope="package")
async def shared_url(server_url: str, template_url: str) -> AsyncIterator[str]:
    """A fresh migrated database for the scenarios of this package."""
    name = f"bookstore_test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(driver_url(server_url))
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="package")
async def premises(
    shared_url: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Premises]:
    """The shop on that database, where every payment is approved."""
    async with trading(shared_url, settings, tmp_path_factory.mktemp("shop")) as premises:
        yield premises


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """A line of the table, named as the test is."""
    tally = Tally(request.node.name.removeprefix("test_").replace("_", " "))
    request.config.stash.setdefault(TALLIES, []).append(tally)
    return tally


@pytest.fixture
def race(premises: Premises, tally: Tally) -> Race:
    """The scenario of the test, on the shop that all share."""
    return Race(premises, tally)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if tallies := config.stash.get(TALLIES, []):
        terminalreporter.section("races on real processes")
        terminalreporter.write_line("| Scenario | Rounds | Requests | Outcomes | `bookstore verify` |")
        terminalreporter.write_line("|---|---|---|---|---|")
        for tally in tallies:
            terminalreporter.write_line(tally.row())
