"""The table of what the fuzz came to."""

import pytest

from tests.fuzz.test_fuzz import REPORTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for report in config.stash.get(REPORTS, []):
        terminalreporter.section("fuzz")
        for line in report.lines():
            terminalreporter.write_line(line)
