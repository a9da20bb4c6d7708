"""What an import did, counted in full and sampled for print."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple, TextIO

from app.catalog.importer.cells import Repair, clean_line
from app.catalog.importer.rows import Mended
from app.catalog.importer.source import Record, why
from app.core.spreadsheets import guarded, unguarded

_SAMPLES = 100  # kept of each kind of repair, and of the rejections
_SHOWN_TEXT = 80  # characters


class LineNote(NamedTuple):
    """A remark on one line of the file."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """created + updated + unchanged + rejected = rows; `repaired` counts rows among the first three."""

    path: Path
    dry_run: bool
    encoding: str
    delimiter: str
    columns: Mapping[str, str]
    ignored_columns: tuple[str, ...]
    rows: int
    created: int
    updated: int
    unchanged: int
    repaired: int
    rejected: int
    repairs: Mapping[Repair, int]
    repair_samples: Mapping[Repair, Sequence[LineNote]]
    rejection_samples: Sequence[LineNote]
    rejects_path: Path | None
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """The counts while the import runs."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repaired: int = 0
    rejected: int = 0
    repairs: Counter[Repair] = field(default_factory=Counter)
    repair_samples: dict[Repair, list[LineNote]] = field(default_factory=dict)
    rejection_samples: list[LineNote] = field(default_factory=list)

    def mended(self, line: int, all_mended: Sequence[Mended]) -> None:
        self.repaired += bool(all_mended)
        for repair, given in all_mended:
            self.repairs[repair] += 1
            _sample(self.repair_samples.setdefault(repair, []), line, given)

    def reject(self, line: int, reason: str) -> None:
        self.rejected += 1
        _sample(self.rejection_samples, line, reason)


class Rejects:
    """The rejected rows in a new file beside the source, written as they come unless `kept` is false.

    They are corrected in spreadsheets, so no cell is a formula. Not being able to write is a warning, no failure.
    """

    def __init__(self, source: Path, header: Sequence[str], *, kept: bool = True) -> None:
        self.path = source.with_name(f"{source.stem}.rejected.csv")
        self.warning: str | None = None
        self.written = 0
        self._kept = kept
        self._header = header
        self._file: TextIO | None = None

    def write(self, record: Record, reason: str) -> None:
        if self._kept and not self.warning:
            self._guarded(lambda: self._write([str(record.line), reason, *record.cells]))

    def close(self) -> None:
        if self._file:
            self._guarded(self._file.close)

    def _guarded(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self.warning = f"{self.path} could not be written ({why(error)}): the rejected rows are not kept."

    def _write(self, cells: Sequence[str]) -> None:
        if self._file is None:
            self._file = self._new_file()
            csv.writer(self._file).writerow(_guarded(["line", "reason", *self._header]))
        csv.writer(self._file).writerow(_guarded(cells))
        self.written += 1

    def _new_file(self) -> TextIO:
        """Under the first name that is free: rows somebody is correcting are not written over."""
        first, numbers = self.path, count(2)
        while True:
            try:
                return self.path.open("x", encoding="utf-8", errors="replace", newline="")
            except FileExistsError:
                self.path = first.with_stem(f"{first.stem}-{next(numbers)}")


def _guarded(cells: Sequence[str]) -> list[str]:
    """Guarded once, also where the file that is imported was guarded."""
    return [guarded(unguarded(cell)) for cell in cells]


def _sample(samples: list[LineNote], line: int, text: str) -> None:
    if len(samples) < _SAMPLES:
        samples.append(LineNote(line, _shortened(clean_line(text))))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_TEXT else text[: _SHOWN_TEXT - 1] + "…"
