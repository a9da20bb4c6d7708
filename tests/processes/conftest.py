"""One shop of two server processes for all scenarios that can share it, and the table of what they came to."""

from collections.abc import AsyncIterator

import pytest

from app.core.config import Settings
from tests.processes.support import Premises, Race, Tally, own_database, trading

TALLIES = pytest.StashKey[list[Tally]]()


@pytest.fixture(scope="package")
async def shared_url(server_url: str, template_url: str) -> AsyncIterator[str]:
    """A fresh migrated database for the scenarios of this package."""
    async with own_database(server_url) as url:
        yield url


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
    if counters := config.stash.get(TALLIES, []):
        terminalreporter.section("races on real processes")
        terminalreporter.write_line("| Scenario | Rounds | Requests | Outcomes | `bookstore verify` |")
        terminalreporter.write_line("|---|---|---|---|---|")
        for tally in counters:
            terminalreporter.write_line(tally.row())
