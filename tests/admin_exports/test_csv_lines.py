"""Cells and lines: RFC 4180, and nothing that a spreadsheet would run."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.admin.csv_lines import Cell, csv_lines

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def back(lines: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(lines.decode(), newline=""), strict=True))


def test_lines_end_in_crlf_and_only_what_must_be_quoted_is():
    lines = csv_lines([["plain", 'say "so"', "a, b", "two\nlines", "two\r\nlines", "a\rb", "", None, "é"], ["next"]])
    assert lines == ('plain,"say ""so""","a, b","two\nlines","two\r\nlines","a\rb",,,é\r\nnext\r\n'.encode())


def test_numbers_stay_numbers():
    moment = datetime(2026, 11, 22, 8, 45, tzinfo=UTC)
    cells: list[Cell] = [-3, Decimal("-15.90"), Decimal("0.00"), Decimal("1E+3"), moment, date(1974, 5, 1)]
    expected = ["-3", "-15.90", "0.00", "1000.00", "2026-11-22T08:45:00.000000Z", "1974-05-01"]
    assert back(csv_lines([cells])) == [expected]


@pytest.mark.parametrize("start", DANGEROUS)
@pytest.mark.parametrize("before", ["", '"', "'", '""', ' "', " ", "\u00a0"])
def test_texts_that_look_like_formulas_get_an_apostrophe(before: str, start: str):
    """Seen to fail without the blanks and quotes in the pattern."""
    text = f"{before}{start}1+1|cmd"
    assert back(csv_lines([[text, text]])) == [[f"'{text}"] * 2]


@pytest.mark.parametrize("text", ["Salem's Lot", "'Salem's Lot", '"Quoted"', "a=b", "1+1", "x@example.com", "", " "])
def test_other_texts_stay_as_they_are(text: str):
    assert back(csv_lines([[text, 1]])) == [[text, "1"]]


@settings(deadline=None)
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=4), max_size=5))
def test_any_text_can_be_told_from_what_is_written(rows: list[list[str]]):
    written = back(csv_lines(rows))
    for row, cells in zip(rows, written, strict=True):
        for text, cell in zip(row, cells, strict=True):
            assert cell in {text, f"'{text}"}
            assert not cell.startswith(DANGEROUS)
