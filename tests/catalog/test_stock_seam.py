"""Books are locked, and stock and its ledger are written, in `app/catalog/stock.py` alone; the audit trail in `app/audit`.

Seen to fail for each of the modules that did so themselves: orders, the importer, catalog, reviews, pre-bookings and
wishlists.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

STOCK, AUDIT = "app/catalog/stock.py", "app/audit/"
WRITES = r"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|MERGE\s+INTO|COPY|TRUNCATE(?:\s+TABLE)?)\s+"
IN_SQL = {
    "writes stock_movements": re.compile(rf"{WRITES}stock_movements\b", re.IGNORECASE),
    "writes audit_events": re.compile(rf"{WRITES}audit_events\b", re.IGNORECASE),
    "changes stock": re.compile(rf"{WRITES}books\b.*\bSET\b.*\bstock_quantity\s*=", re.IGNORECASE | re.DOTALL),
}
LOCK = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+UPDATE|UPDATE|KEY\s+SHARE|SHARE)\b(?:\s+OF\s+(\w+))?", re.IGNORECASE)
LEDGERS = {"StockMovement": "writes stock_movements", "AuditEvent": "writes audit_events"}


def deeds(source: str) -> Iterator[tuple[int, str]]:
    """The lines of a module where it locks books or writes stock, ledger or audit trail, and which of these it does."""
    tree = ast.parse(source)
    for query in _queries(tree):
        text = _text_of(query)
        yield from ((query.lineno, deed) for deed, pattern in IN_SQL.items() if pattern.search(text))
        if any(_locks_books(text, lock) for lock in LOCK.finditer(text)):
            yield query.lineno, "locks books"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, deed) for deed in _deeds_of(node))
        if isinstance(node, ast.Assign | ast.AugAssign) and "stock_quantity" in _attributes_set(node):
            yield node.lineno, "changes stock"
    for part in [part for part in ast.walk(tree) if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]:
        named = {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
        called = {node.attr for node in ast.walk(part) if isinstance(node, ast.Attribute)}
        if "Book" in named and "with_for_update" in called:
            yield part.lineno, "locks books"


def _queries(tree: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Texts, those with fields as a whole."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        whole = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        if whole and id(node) not in docstrings | parts:
            assert isinstance(node, ast.Constant | ast.JoinedStr)
            yield node


def _text_of(node: ast.Constant | ast.JoinedStr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)


def _locks_books(text: str, lock: re.Match[str]) -> bool:
    """Whether the query that ends with this lock, up to the bracket around it, reads from books."""
    start, depth = lock.start(), 0
    while start and depth >= 0:
        start -= 1
        depth += {")": 1, "(": -1}.get(text[start], 0)
    named = re.search(r"\bbooks\b", text[start : lock.start()], re.IGNORECASE)
    return named is not None and lock[1] in {None, "b", "books"}


def _deeds_of(call: ast.Call) -> Iterator[str]:
    """Of `insert(StockMovement)`, `StockMovement(…)`, `update(Book).values(stock_quantity=…)` and their like."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in LEDGERS:
        yield LEDGERS[name]
    if name in {"insert", "update", "delete"}:
        yield from (LEDGERS[arg.id] for arg in call.args if isinstance(arg, ast.Name) and arg.id in LEDGERS)
    if name == "values" and "stock_quantity" in ast.dump(call) and "'update'" in ast.dump(call.func):
        yield "changes stock"


def _attributes_set(node: ast.Assign | ast.AugAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.attr for target in targets if isinstance(target, ast.Attribute)}


def test_no_other_module_locks_books_or_writes_stock_or_ledgers(project: Path):
    found = [
        f"{file.relative_to(project)}:{line} {deed}"
        for file in sorted((project / "app").rglob("*.py"))
        for line, deed in deeds(file.read_text())
        if not _may(str(file.relative_to(project)), deed)
    ]
    assert found == []


def _may(module: str, deed: str) -> bool:
    return module.startswith(AUDIT) if deed == "writes audit_events" else module == STOCK


def test_the_walk_sees_what_those_modules_do(project: Path):
    """Or it would pass because it is blind."""
    assert {deed for _, deed in deeds((project / STOCK).read_text())} == {
        "locks books",
        "changes stock",
        "writes stock_movements",
    }
    assert {deed for _, deed in deeds((project / AUDIT / "service.py").read_text())} == {"writes audit_events"}


@pytest.mark.parametrize(
    ("source", "deed"),
    [
        ("A = 'SELECT id FROM books WHERE id = $1 FOR UPDATE'", "locks books"),
        ("A = 'WITH a AS (SELECT id FROM books WHERE id IN (SELECT 1) FOR UPDATE) SELECT'", "locks books"),
        ("A = f'SELECT b.id FROM books b JOIN {other} o ON true FOR NO KEY UPDATE OF b'", "locks books"),
        (
            "A = 'SELECT 1 FROM users JOIN books ON true FOR NO KEY UPDATE OF users FOR KEY SHARE OF books'",
            "locks books",
        ),
        ("def f():\n    return select(Book.id).with_for_update(key_share=True)", "locks books"),
        ("A = '''WITH a AS (SELECT)\n INSERT INTO\n stock_movements (book_id) SELECT 1'''", "writes stock_movements"),
        ("A = f'INSERT INTO stock_movements ({columns}) VALUES ($1)'", "writes stock_movements"),
        ("insert(StockMovement).values(rows)", "writes stock_movements"),
        ("session.add(StockMovement(book_id=1))", "writes stock_movements"),
        ("A = 'UPDATE books SET title = $1, stock_quantity = stock_quantity - 1'", "changes stock"),
        ("A = f'UPDATE books b SET {more}, stock_quantity = 1'", "changes stock"),
        ("update(Book).where(Book.id == 1).values(stock_quantity=1)", "changes stock"),
        ("update(Book).values({'stock_quantity': 1})", "changes stock"),
        ("book.stock_quantity -= 1", "changes stock"),
        ("book.stock_quantity = 1", "changes stock"),
        ("A = f'INSERT INTO audit_events ({columns}) VALUES ($1)'", "writes audit_events"),
        ("session.add(models.AuditEvent(action='a'))", "writes audit_events"),
    ],
)
def test_the_walk_finds(source: str, deed: str):
    assert deed in {found for _, found in deeds(source)}


@pytest.mark.parametrize(
    "source",
    [
        "A = 'SELECT stock_quantity FROM books WHERE stock_quantity = 0'",
        "A = 'INSERT INTO books (title, stock_quantity) VALUES ($1, $2)'",
        "A = 'SELECT count(*) FROM stock_movements'",
        "A = 'WITH a AS (SELECT 1 FROM carts WHERE id IN (SELECT 1) FOR UPDATE) SELECT 1 FROM books'",
        "A = f'SELECT 1 FROM users JOIN books ON true FOR NO KEY UPDATE OF users {BOOKS_STAY}'",
        "select(Order).with_for_update()",
        "'''How `UPDATE books SET stock_quantity = 1` is told.'''",
    ],
)
def test_the_walk_leaves_what_only_reads_or_makes_a_book(source: str):
    assert list(deeds(source)) == []
