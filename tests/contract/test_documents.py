"""Documents name what exists: files, headings, settings, commands of make."""

import re
from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.db.server import PROJECT

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:app|tests|docs|benchmarks|alembic)/[\w./-]*)`")
TARGET = re.compile(r"\bmake ([a-z]+)\b")
OF_TESTS = {"TEST_DATABASE_URL", "TEST_TEMPLATE_URL"}
MADE = {"benchmarks/latest.json"}
"""By `make bench`; in no checkout."""


def named(document: Path) -> str:
    return str(document.relative_to(PROJECT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path):
    """Seen to fail with a heading that had another name."""
    links = LINK.findall(CODE.sub("code", document.read_text(encoding="utf-8")))
    inside = [link for link in links if not link.startswith(("http://", "https://"))]
    assert [link for link in inside if not leads_somewhere(document, link)] == []


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    there = (document.parent / path).resolve() if path else document
    if not anchor or not there.is_file():
        return there.exists() and not anchor
    headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_files_that_are_named_exist(document: Path):
    """Seen to fail with a module that had moved."""
    files = FILE.findall(document.read_text(encoding="utf-8"))
    assert [file for file in files if file not in MADE and not (PROJECT / file).exists()] == []


@pytest.mark.parametrize("document", [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"], ids=named)
def test_what_make_is_asked_for_it_knows(document: Path):
    known = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join(re.findall(r"`[^`]+`|^make .*", document.read_text(encoding="utf-8"), re.MULTILINE))
    asked = set(TARGET.findall(code))
    assert len(asked) > 5
    assert asked <= known


def test_every_setting_is_documented_and_no_other():
    """Seen to fail without a row, and with one for a setting that nobody reads."""
    page = (PROJECT / "docs/configuration.md").read_text(encoding="utf-8").partition("\n## ")[0]
    first_cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told = {name for cell in first_cells for name in re.findall(r"`([A-Z_]+)`", cell)}
    assert told - OF_TESTS == {name.upper() for name in Settings.model_fields}
