"""Reading a CSV file record by record in bounded memory."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from app.catalog.importer.columns import recognised
from app.catalog.importer.encoding import BROKEN_BYTES, ESCAPE, detect_encoding
from app.catalog.importer.options import ImportFailed
from app.core.db.server import reason
from app.core.spreadsheets import unguarded

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_MAX_LINE = 1 << 20  # characters
_KEPT_OF_A_LONGER_ONE = 1000  # characters, to recognise it by
# An opening quote that is never closed would swallow the file: a record is given up beyond these.
_MAX_RECORD = 100_000  # characters, below the csv module's own limit for a field
_MAX_RECORD_LINES = 500
_MAX_COLUMNS = 1000


class FileLost(ImportFailed):
    """The file can no longer be read."""


class OverlongLine(Exception):
    """A line beyond the bound; the message is the reason in its report line."""

    def __init__(self, beginning: str) -> None:
        super().__init__(f"is longer than {_MAX_LINE} characters: correct it in the original file")
        self.beginning = beginning


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands; `broken` is the reason when it could not be taken apart."""

    line: int
    cells: list[str]
    broken: str | None = None


@dataclass(slots=True)
class SourceLines:
    """The file's lines, with those of a broken record put back."""

    text: TextIOWrapper
    number: int = 0
    taken: list[str] = field(default_factory=list)
    put_back: deque[str | OverlongLine] = field(default_factory=deque)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Stops early when the record grows too long; the csv reader then finds its quote still open.

        Raises OverlongLine where a record begins with one.
        """
        if len(self.taken) >= _MAX_RECORD_LINES or sum(map(len, self.taken)) > _MAX_RECORD:
            raise StopIteration
        line = self.put_back.popleft() if self.put_back else self._read()
        if isinstance(line, OverlongLine):
            self._end_record_before(line)
            raise line
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def start_record(self) -> None:
        self.number += len(self.taken)
        self.taken.clear()

    def keep_first_line(self) -> None:
        """Ends the record after its first line, the rest to be read again."""
        self.put_back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def _end_record_before(self, line: OverlongLine) -> None:
        """Stops the csv reader inside a record; the line then is the record after it."""
        if self.taken:
            self.put_back.appendleft(line)
            raise StopIteration
        self.taken.append(line.beginning)

    def _read(self) -> str | OverlongLine:
        line = self._read_part()
        if not _is_cut(line):
            return line
        while _is_cut(self._read_part()):
            pass
        return OverlongLine(line[:_KEPT_OF_A_LONGER_ONE])

    def _read_part(self) -> str:
        try:
            return self.text.readline(_MAX_LINE)
        except OSError as error:
            raise FileLost(f"The file cannot be read ({why(error)}): check the file.") from error


@dataclass(slots=True)
class Table:
    """An open CSV file behind its header."""

    lines: SourceLines
    file: BinaryIO
    size: int
    encoding: str
    delimiter: str
    header: list[str]

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self.file.tell()

    def records(self) -> Iterator[Record]:
        reader = csv.reader(self.lines, delimiter=self.delimiter, strict=True)
        while record := _next_record(reader, self.lines, len(self.header)):
            if record.broken or any(cell.strip() for cell in record.cells):
                yield record


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Raises ImportFailed for a file that is missing, unreadable, empty, binary or without a header."""
    file, encoding = _open_file(path)
    with TextIOWrapper(file, encoding, errors=ESCAPE, newline="") as text:
        lines = SourceLines(text)
        delimiter, header = _header(path.name, lines)
        yield Table(lines, file, path.stat().st_size, encoding, delimiter, header)


def _open_file(path: Path) -> tuple[BinaryIO, str]:
    try:
        encoding = detect_encoding(path)
        return path.open("rb"), encoding
    except FileNotFoundError:
        raise ImportFailed(f"There is no file {path}: check the name.") from None
    except OSError as error:
        raise ImportFailed(f"{path} cannot be read ({why(error)}): check the file.") from error


def why(error: OSError) -> str:
    """The system's words for it, or else the error's own."""
    return error.strerror or reason(error)


def _is_cut(part: str) -> bool:
    return len(part) == _MAX_LINE and not part.endswith(("\n", "\r"))


def _header(name: str, lines: SourceLines) -> tuple[str, list[str]]:
    first = _header_line(lines)
    if first.lower().startswith("sep=") and len(first.strip("\r\n")) == len("sep=,"):  # written by spreadsheets
        lines.start_record()
        first = _header_line(lines)
    delimiter = max(DELIMITERS, key=lambda mark: _score(first, mark))
    lines.put_back.appendleft(first)
    lines.taken.clear()
    record = _next_record(csv.reader(lines, delimiter=delimiter, strict=True), lines, None)
    if record is None or record.broken or not any(cell.strip() for cell in record.cells):
        raise ImportFailed(f"The first line of {name} is not a CSV header: name the columns there.")
    if len(record.cells) > _MAX_COLUMNS:
        found = len(record.cells)
        raise ImportFailed(
            f"{name} has {found} columns, where {_MAX_COLUMNS} are allowed: check that this is a table."
        )
    return delimiter, [unguarded(cell).strip() for cell in record.cells]


def _header_line(lines: SourceLines) -> str:
    try:
        return next(lines, "")
    except OverlongLine as error:
        at = lines.number + 1
        raise ImportFailed(
            f"Line {at}, the header, is longer than {_MAX_LINE} characters: check that this is a CSV file."
        ) from error


def _score(line: str, delimiter: str) -> tuple[int, int]:
    """Known column names first, then columns: a comma inside a heading does not outweigh the real delimiter."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return 0, 0
    return recognised(cells), len(cells)


def _next_record(reader: Iterator[list[str]], lines: SourceLines, width: int | None) -> Record | None:
    lines.start_record()
    number = lines.number + 1
    try:
        cells = next(reader)
    except StopIteration:
        return None
    except OverlongLine as line:
        return Record(number, [line.beginning], str(line))
    except csv.Error:
        fault = "quotes are misplaced or never closed"
    else:
        if width is None or not any(cell.strip() for cell in cells[width:]):
            return Record(number, cells, _encoding_fault(cells))
        fault = f"has {len(cells)} cells where the header has {width}: quote a cell that holds the delimiter"
    if len(lines.taken) > 1:
        lines.keep_first_line()
        return Record(number, [lines.taken[0].rstrip("\r\n")], "quotes are misplaced or never closed")
    return Record(number, [lines.taken[0].rstrip("\r\n")], fault)


def _encoding_fault(cells: Sequence[str]) -> str | None:
    if any(BROKEN_BYTES.search(cell) for cell in cells if not cell.isascii()):
        return "holds bytes that are not text in the file's encoding"
    return None
