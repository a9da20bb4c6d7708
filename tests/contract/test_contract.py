"""docs/contract.md says what is served: its operations, its codes and its tables exist, and no others do."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from app.core.config import Settings
from app.core.db.base import Base
from app.core.db.server import PROJECT
from app.core.errors import DomainError
from app.main import create_app

CONTRACT = (PROJECT / "docs" / "contract.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)?)[. ]", re.MULTILINE)
OPERATION = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) `(/[^`]*)` (\d{3})")
MENTION = re.compile(r"\(contract, sections? ([^)]*)\)")

Codes = dict[str, int]


@pytest.fixture(scope="module")
def document(settings: Settings) -> dict[str, Any]:
    return create_app(settings).openapi()


def section(number: str) -> str:
    """The text below that heading, up to the next one of its rank."""
    return re.split(r"^## ", CONTRACT, flags=re.MULTILINE)[int(number)]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of the lines of its tables, without heads."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| Code", "| Table", "| Domain")):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def codes_told() -> Codes:
    """Each code of section 7 with its status; several of one line share theirs, or have one each in the same order."""
    told: Codes = {}
    for codes, statuses, *_ in rows(section("7")):
        names, given = codes.split(", "), statuses.split(", ")
        if statuses == "same":
            given = [name.removeprefix("HTTP_") for name in names]
        paired = given * len(names) if len(given) == 1 else given
        told |= {name: int(status) for name, status in zip(names, paired, strict=True)}
    return told


def codes_declared(document: dict[str, Any]) -> Codes:
    answers = [
        answer
        for verbs in document["paths"].values()
        for operation in verbs.values()
        for answer in operation["responses"].values()
    ]
    examples = [
        answer.get("content", {}).get("application/problem+json", {}).get("examples", {}) for answer in answers
    ]
    return {code: example["value"]["status"] for of_one in examples for code, example in of_one.items()}


def codes_of_classes(root: type[DomainError] = DomainError) -> set[str]:
    own = {root.code} if hasattr(root, "code") else set()
    return own.union(*(codes_of_classes(refusal) for refusal in root.__subclasses__()))


def test_its_operations_are_those_of_the_document(document: dict[str, Any]):
    """Seen to fail without a line of the table, and with an operation that does not exist."""
    told = OPERATION.findall(section("1"))
    served = [
        (method.upper(), path, next(status for status in operation["responses"] if status < "400"))
        for path, verbs in document["paths"].items()
        for method, operation in verbs.items()
    ]
    assert sorted(told) == sorted(served)


def test_its_codes_are_those_that_the_shop_has(document: dict[str, Any]):
    """Seen to fail with another status, without a code of the table, and with one that no class has."""
    told = codes_told()
    declared = codes_declared(document)
    assert {code: told.get(code) for code in declared} == declared
    assert codes_of_classes() <= told.keys()
    unknown = told.keys() - codes_of_classes() - declared.keys()
    assert {code for code in unknown if code != f"HTTP_{told[code]}" or told[code] not in list(HTTPStatus)} == set()


def test_each_code_it_speaks_of_is_in_its_table():
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", section("4") + section("2")))
    settings = {name.upper() for name in Settings.model_fields}
    assert named - settings - codes_told().keys() == set()


def test_its_tables_are_those_of_the_database():
    told = [name for cells in rows(section("6")) for name in cells[0].split(", ")]
    assert sorted(told) == sorted(Base.metadata.tables)


def test_the_sections_that_code_and_tests_point_at_exist():
    numbers = set(HEADING.findall(CONTRACT))
    for folder in ("app", "tests"):
        for file in sorted((PROJECT / folder).rglob("*.py")):
            for mention in MENTION.findall(file.read_text(encoding="utf-8")):
                assert not strangers(mention, numbers), f"{file.relative_to(PROJECT)}: {mention}"


def strangers(mention: str, numbers: set[str]) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", mention)) - numbers


def test_a_section_that_is_missing_would_be_found():
    assert strangers("sections 2.1 to 2.3", {"2.1", "2.2", "2.3"}) == set()
    assert strangers("section 4.16", {"4.15"}) == {"4.16"}
