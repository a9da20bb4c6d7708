"""No part of the shop but one multiplies a price by a number of copies."""

import re
from pathlib import Path

import pytest

PRICE, QUANTITY = r"[\w.\[\]]*price\b", r"[\w.\[\]]*(?:quantity|copies)\b"
PRODUCT = re.compile(
    rf"(?:{PRICE}\W{{0,2}}(?:::\w+)?\s*\*\s*\(?{QUANTITY}|{QUANTITY}\W{{0,2}}(?:::\w+)?\s*\*\s*\(?{PRICE})"
)
TEXTS = {".py", ".html", ".txt", ".sql", ".js", ".mjs", ".css", ".xml"}
WHERE = {
    "core/money.py": 1,  # line_total
    "orders/models.py": 1,  # the generated column, which must say the same
}


def products(text: str) -> list[str]:
    return [match.group() for match in PRODUCT.finditer(text)]


@pytest.mark.parametrize(
    "text",
    [
        "item.unit_price * item.quantity",
        "books[line.book_id].price * line.quantity",
        "self.book.price * self.quantity",
        "{{ (item.unit_price * item.quantity)|money }}",
        "SELECT sum(quantity * unit_price) FROM order_items",
        "sum(sign * quantity * unit_price)",
        "func.sum(OrderItem.quantity * OrderItem.unit_price)",
        "unit_price * quantity::numeric",
        "quantity::numeric * lines.unit_price",
        "unit_price\n    * quantity",
        "price * copies",
    ],
)
def test_such_a_product_is_found(text: str):
    assert len(products(text)) == 1


@pytest.mark.parametrize("text", ["price, quantity", "2 * quantity", "SELECT price * 100", "**prices, quantity=1"])
def test_nothing_else_is(text: str):
    assert products(text) == []


def test_one_function_and_one_column_multiply(project: Path):
    """Whoever needs what a line comes to reads `line_total`, or asks `app.core.money` before there is an order."""
    found = {}
    for path in sorted((project / "app").rglob("*")):
        if path.suffix in TEXTS and (number := len(products(path.read_text(encoding="utf-8")))):
            found[path.relative_to(project / "app").as_posix()] = number
    assert found == WHERE
