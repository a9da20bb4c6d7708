"""docs/security.md says what is there: every requirement once, sums that add up, paths and tests that exist."""

import re
from collections import Counter
from pathlib import Path

import pytest

# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has: in every one they come before those of level 3.
SECTIONS = {
    "1": (2, 9, 11, 3, 2),
    "2": (3, 3, 4, 1),
    "3": (0, 2, 4, 6, 5, 0, 2),
    "4": (3, 1, 2, 4),
    "5": (1, 3, 2, 3),
    "6": (3, 12, 4, 4, 5, 3, 0, 4),
    "7": (3, 4, 2, 5, 2, 2),
    "8": (2, 3, 1, 1),
    "9": (3, 4),
    "10": (2, 2, 4, 11, 5, 2, 3),
    "11": (2, 3, 3, 4, 1, 1),
    "12": (3, 2, 4),
    "13": (1, 5, 2, 5),
    "14": (2, 4, 3),
    "15": (3, 3, 7),
    "16": (1, 5, 4, 3, 3),
    "17": (1, 4, 2),
}
OF_LEVEL_1 = 70
STATES = ("met", "partly", "not met", "n/a")
SAYS_WHY_NOT = {"no test", "no test, a lint"}
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
_SUM = re.compile(r"^\| (?:\[V(\d+) .+\]\(#.+\)|All) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
_PATH = re.compile(r"`((?:app|tests|docs|alembic|requirements)/[\w./-]+|pyproject\.toml)(?:::(\w+))?`")
_LINK = re.compile(r"\]\(([^)#:]*)(?:#([\w-]+))?\)")


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    return (project / "docs/security.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rows(page: str) -> list[tuple[str, ...]]:
    return [tuple(found) for found in _ROW.findall(page)]


def test_every_requirement_stands_there_once_and_in_its_place(rows: list[tuple[str, ...]]):
    wanted = [
        f"{chapter}.{section}.{number}"
        for chapter, counts in SECTIONS.items()
        for section, count in enumerate(counts, 1)
        for number in range(1, count + 1)
    ]
    assert len(wanted) == 253
    assert [number for number, *_ in rows] == wanted
    assert sum(level == "1" for _, level, *_ in rows) == OF_LEVEL_1


def test_the_sums_are_those_of_the_rows(page: str, rows: list[tuple[str, ...]]):
    assert {state for _, _, _, state, *_ in rows} <= set(STATES)
    counted = Counter((number.split(".")[0], state) for number, _, _, state, *_ in rows)
    told = {chapter: [int(number) for number in numbers] for chapter, *numbers in _SUM.findall(page)}
    expected = {chapter: [counted[chapter, state] for state in STATES] for chapter in SECTIONS}
    expected[""] = [sum(column) for column in zip(*expected.values(), strict=True)]
    assert told == {chapter: [*sums, sum(sums)] for chapter, sums in expected.items()}


def test_every_row_says_how_or_why_and_names_its_test(rows: list[tuple[str, ...]]):
    for number, _, _, state, how, test in rows:
        assert len(how) > 3, number
        if state in {"met", "partly"}:
            assert test in SAYS_WHY_NOT or "`tests/" in test, number
        else:
            assert test == "–", number
        if state == "not met":
            assert "Operator:" in how or "see " in how, number


def test_every_path_and_every_test_exists(page: str, project: Path):
    named = set(_PATH.findall(page))
    assert len(named) > 150
    for path, test in named:
        assert (project / path).exists(), path
        if test:
            code = (project / path).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", code, re.MULTILINE), f"{path}::{test}"


def test_every_link_leads_somewhere(page: str, project: Path):
    links = _LINK.findall(page)
    assert len(links) > 50
    for path, anchor in links:
        target = (project / "docs" / path).resolve() if path else project / "docs/security.md"
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{path}#{anchor}"
