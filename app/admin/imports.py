"""Imports that staff start from a page: each is a folder below the data folder, and runs in a thread of this process.

The folder holds the file, how far the import is, and the rejected rows. Whoever runs an import holds its lock: every
process of the shop sees how far it is, and that it was interrupted when its process died. One runs at a time.
"""

import asyncio
import logging
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from re import fullmatch
from typing import BinaryIO, Literal
from uuid import uuid4

import asyncpg
from pydantic import BaseModel

from app.accounts.caller import Caller
from app.admin.restock import tells_waiting
from app.catalog.importer import ImportFailed, ImportOptions, ImportReport, Source, import_csv
from app.core.embedded.locks import claim, is_claimed
from app.notifications.outbox import Outbox

log = logging.getLogger(__name__)

KEPT, BATCH_ROWS, SECONDS_A_NOTE = 10, 1000, 0.4
_SOURCE, _STATE, _LOCK = "books.csv", "state.json", ".lock"
Stage = Literal["waiting", "checking", "checked", "importing", "imported", "failed", "interrupted"]
RUNNING: frozenset[Stage] = frozenset({"checking", "importing"})


class Findings(BaseModel):
    """What an import did, or would do, for a page: counts, and remarks on lines of the file."""

    rows: int
    created: int
    updated: int
    unchanged: int
    repaired: int
    rejected: int
    read_as: str
    columns: dict[str, str]
    ignored_columns: list[str]
    repairs: dict[str, list[tuple[int, str]]]
    rejections: list[tuple[int, str]]
    rejects: str | None
    warnings: list[str]

    @classmethod
    def of(cls, report: ImportReport) -> "Findings":
        """The report without paths and classes."""
        return cls(
            **{name: getattr(report, name) for name in ("rows", "created", "updated", "unchanged")},
            repaired=report.repaired,
            rejected=report.rejected,
            read_as=f"{report.encoding}, cells parted by {report.delimiter}",
            columns=dict(report.columns),
            ignored_columns=list(report.ignored_columns),
            repairs={str(kind.value): list(notes) for kind, notes in report.repair_samples.items()},
            rejections=list(report.rejection_samples),
            rejects=report.rejects_path.name if report.rejects_path else None,
            warnings=list(report.warnings),
        )


class Choices(BaseModel):
    """What staff chose for books of the file that lack something, and which column holds which field."""

    default_price: Decimal | None = None
    default_stock: int = 0
    mapping: dict[str, str] = {}

    def options(self, source: Source, max_genres: int, *, dry_run: bool) -> ImportOptions:
        """The same for the importer. Raises ImportFailed."""
        defaults = (self.default_price, self.default_stock)
        return ImportOptions(self.mapping, *defaults, dry_run, BATCH_ROWS, source, max_genres)


class ImportState(BaseModel):
    """How far an import is; `done` and `total` in bytes of the file."""

    file: str
    total: int
    stage: Stage = "waiting"
    done: int = 0
    choices: Choices = Choices()
    findings: Findings | None = None
    message: str | None = None

    @property
    def is_running(self) -> bool:
        return self.stage in RUNNING


class Imports:
    """The imports of a shop. What touches files blocks: it is quick, but for `add`."""

    def __init__(
        self,
        folder: Path,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        outbox: Outbox,
        max_genres: int,
    ) -> None:
        self._folder = folder
        self._max_genres = max_genres
        self._connect = connect
        self._outbox = outbox

    def add(self, name: str, content: BinaryIO) -> str:
        """Keep the file; the key of its import. The oldest go."""
        key = uuid4().hex
        place = self._folder / key
        place.mkdir(mode=0o700, parents=True)
        with (place / _SOURCE).open("xb") as stream:
            shutil.copyfileobj(content, stream)
        self._write(key, ImportState(file=name, total=(place / _SOURCE).stat().st_size))
        for old in self._keys()[KEPT:]:
            if not is_claimed(self._folder / old / _LOCK):
                shutil.rmtree(self._folder / old, ignore_errors=True)
        return key

    def all(self) -> list[tuple[str, ImportState]]:
        """Those that are kept, the newest first."""
        found = [(key, self.find(key)) for key in self._keys()]
        return [(key, state) for key, state in found if state]

    def find(self, key: str) -> ImportState | None:
        """How far it is; interrupted when it says that it runs and nobody runs it."""
        if not fullmatch("[0-9a-f]{32}", key):
            return None
        try:
            state = ImportState.model_validate_json((self._folder / key / _STATE).read_bytes())
        except FileNotFoundError:
            return None
        if state.is_running and not is_claimed(self._folder / key / _LOCK):
            return self._settled(key) or state.model_copy(update={"stage": "interrupted"})
        return state

    def _settled(self, key: str) -> ImportState | None:
        """It may have ended between the look at its state and that at its lock."""
        state = ImportState.model_validate_json((self._folder / key / _STATE).read_bytes())
        return None if state.is_running else state

    def rejects(self, key: str) -> Path | None:
        """The file of the rejected rows, if there is one."""
        state = self.find(key)
        name = state.findings.rejects if state and state.findings else None
        return self._folder / key / name if name else None

    def start(self, key: str, choices: Choices, actor: Caller, *, dry_run: bool) -> bool:
        """Check or import the file in the background; False when another import runs, or it is no longer kept.

        Raises:
            ImportFailed: the choices make no sense.
        """
        before = self.find(key)
        if before is None:
            return False
        stage: Stage = "checking" if dry_run else "importing"
        state = ImportState(file=before.file, total=before.total, stage=stage, choices=choices)
        options = choices.options(Source(actor.id, actor.email, state.file), self._max_genres, dry_run=dry_run)
        locks = self._claimed(key)
        if locks is None:
            return False
        self._write(key, state)
        # A daemon: a server that stops does not wait for a long import, which is shown as interrupted then.
        threading.Thread(target=self._run, args=(key, state, options, locks), daemon=True).start()
        return True

    def _claimed(self, key: str) -> ExitStack | None:
        """The locks of the shop's one import and of this one; None while another runs."""
        locks = ExitStack()
        for path in (self._folder / _LOCK, self._folder / key / _LOCK):
            descriptor = claim(path)
            if descriptor is None:
                locks.close()
                return None
            locks.callback(os.close, descriptor)
        return locks

    def _run(self, key: str, state: ImportState, options: ImportOptions, locks: ExitStack) -> None:
        with locks:
            try:
                report = asyncio.run(self._import(key, state, options))
                stage: Stage = "checked" if options.dry_run else "imported"
                end: dict[str, object] = {"stage": stage, "done": state.total, "findings": Findings.of(report)}
            except ImportFailed as failure:
                end = {"stage": "failed", "message": str(failure)}
            except Exception:
                log.exception("import failed")
                end = {"stage": "failed", "message": "The fault is ours. Run the same import again to complete it."}
            self._write(key, state.model_copy(update=end))

    async def _import(self, key: str, state: ImportState, options: ImportOptions) -> ImportReport:
        noted = time.monotonic()

        def note(done: int, _total: int) -> None:
            nonlocal noted
            if time.monotonic() - noted >= SECONDS_A_NOTE:
                noted = time.monotonic()
                self._write(key, state.model_copy(update={"done": done}))

        source = self._folder / key / _SOURCE
        return await import_csv(self._connect, source, options, note, tells_waiting(self._outbox))

    def _write(self, key: str, state: ImportState) -> None:
        place = self._folder / key / _STATE
        draft = place.with_suffix(".part")
        draft.write_text(state.model_dump_json())
        draft.replace(place)

    def _keys(self) -> list[str]:
        if not self._folder.exists():
            return []
        folders = [path for path in self._folder.iterdir() if path.is_dir()]
        return [path.name for path in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)]
