"""CSV as spreadsheets want it: RFC 4180, UTF-8 with a mark, and no cell that a spreadsheet would run as a formula."""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from app.core.spreadsheets import guarded
from app.core.values import money_text, timestamp_text

# Excel takes a file without the mark for one in the code page of the country, and spoils every accent.
MARK = BOM_UTF8

Cell = str | int | Decimal | datetime | date | None


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The rows as lines that end in CRLF.

    Numbers stay numbers, decimals are money with two places; texts that look like formulas get an apostrophe.
    """
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([_written(cell) for cell in row] for row in rows)
    return stream.getvalue().encode()


def _written(cell: Cell) -> str | int | None:
    if isinstance(cell, str):
        return guarded(cell)
    if isinstance(cell, Decimal):
        return money_text(cell)
    if isinstance(cell, datetime):
        return timestamp_text(cell)
    return cell.isoformat() if isinstance(cell, date) else cell
