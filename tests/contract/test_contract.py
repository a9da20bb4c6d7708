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

BULLET = re.compile(r"^(?:\* )?(?=\*\*(?:GET|POST|PUT|PATCH|DELETE))", re.MULTILINE)
BOLD = re.compile(r"\*\*(GET|POST|PUT|PATCH|DELETE) (/[^*]*)\*\*")
CODE = re.compile(r"`([A-Z]+(?:_[A-Z]+)+)`")

SHAPES = {
    "Token response: ": "TokensOut",
    "\nAccount: ": "AccountOut",
    "newest first (id descending), of ": "MovementOut",
    "independent of sessions. Item: ": "CartItemOut",
    "\nOrder: ": "OrderOut",
    "\nOrder item: ": "OrderItemOut",
    "### 4.8 Wishlist\nItem: ": "WishOut",
    " An entry: ": "AddressOut",
    "**GET /countries/{code}/address-form** — ": "AddressFormOut",
    "\nPre-booking, flat: ": "PreBookingOut",
    "\nReview: ": "ReviewOut",
    "**GET /admin/reviews** — admin envelope of ": "ModeratedReview",
    "`month`, else 422 → ": "SalesSummary",
    "are those two spans: ": "SpanSales",
    "at most 366 days, else 422 → ": "SalesByDay",
    "absent = all time; else 422 →\n  ": "TopBooks",
    "(10) → exactly ": "LowStock",
    "**GET /notifications** — ": "NoticeList",
    "**GET /admin/verify** — ": "Verification",
    "**GET /health** → ": "Health",
    "**GET /health/ready** → ": "Ready",
}
"""What stands right before the shape of an answer, and the schema of the answer."""

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
    named = set(CODE.findall(section("4") + section("2")))
    settings = {name.upper() for name in Settings.model_fields}
    assert named - settings - codes_told().keys() == set()


def test_each_operation_declares_the_codes_told_of_it(document: dict[str, Any]):
    """Seen to fail with a code of another operation."""
    told = 0
    for bullet in BULLET.split(section("4"))[1:]:
        text = re.split(r"^(?:#|\* [^*])", bullet, flags=re.MULTILINE)[0]
        declared: set[str] = set()
        for method, path in BOLD.findall(text):
            declared |= codes_declared({"paths": {path: {method: document["paths"][path][method.lower()]}}}).keys()
        codes = set(CODE.findall(text)) & codes_of_classes()
        told += len(codes)
        assert codes <= declared, text
    assert told > 50


@pytest.mark.parametrize(("before", "schema"), SHAPES.items(), ids=SHAPES.values())
def test_shapes_are_those_of_the_schemas(document: dict[str, Any], before: str, schema: str):
    """Seen to fail without a key of an order, and with one that no account has."""
    assert CONTRACT.count(before) == 1
    told = outermost_keys(CONTRACT.partition(before)[2])
    assert told == set(document["components"]["schemas"][schema]["properties"])


def outermost_keys(text: str) -> set[str]:
    """The keys of the object that begins with the text. What is quoted behind a colon is a value."""
    assert text.startswith("`{"), text[:40]
    keys, depth = set(), 0
    for part in re.findall(r'"(?:[^"])*"|[{}\[\]`:,|]', text[1:]):
        if part == "`":
            break
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(part, 0)
        if part[0] in "{,":
            expected = True
        elif part[0] == '"' and depth == 1 and expected:
            keys.add(part.strip('"'))
            expected = False
        else:
            expected = False
    return keys


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
