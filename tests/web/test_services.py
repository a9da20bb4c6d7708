"""Pages are given services: they make none on a session, and read the shop's own types, not its answers as JSON."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

READERS_OF_JSON = {"links.py"}
"""Of what stands in the address of a drawn cover, which pages write themselves."""


def pages(project: Path) -> Iterator[tuple[str, ast.Module]]:
    files = sorted((project / "app/web").rglob("*.py"))
    assert len(files) > 60
    for file in files:
        yield file.name, ast.parse(file.read_text())


def calls(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """What is called, and the plain names among its arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield ast.unparse(node.func), [value.id for value in given if isinstance(value, ast.Name)]


def test_only_dependencies_make_services(project: Path):
    """A class that is made on a session is a service or a repository. Seen to fail with one made in a page."""
    made = [
        f"{name}: {called}"
        for name, tree in pages(project)
        if name != "deps.py"
        for called, given in calls(tree)
        if re.fullmatch(r"[A-Z]\w+", called) and {"session", "own"} & set(given)
    ]
    assert made == []


def test_no_page_reads_an_answer_as_json(project: Path):
    read = [
        f"{name}: {called}"
        for name, tree in pages(project)
        if name not in READERS_OF_JSON
        for called, _ in calls(tree)
        if called.endswith(("json.loads", ".model_validate_json", ".validate_json"))
    ]
    assert read == []
