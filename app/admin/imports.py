"""Imports that staff start from a page: the file and how far it is are rows, the import itself is a job.

So every process of the shop, on whatever machine, sees them and can run them. One runs at a time.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Literal, Protocol
from uuid import uuid4

from pydantic import BaseModel
from sqlalchemy import Row, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.admin.models import BookImport, BookImportPart
from app.catalog.importer import ImportOptions, ImportReport, Source
from app.core.db.transaction import Database
from app.jobs.models import Job
from app.jobs.service import enqueue

IMPORT = "import"
"""The kind of the job, and its key: one at a time."""

KEPT_IMPORTS, BATCH_ROWS = 10, 1000
PART_BYTES = 1_000_000
TAKEN_UP_WITHIN = timedelta(seconds=10)

Stage = Literal["waiting", "checking", "checked", "importing", "imported", "failed", "interrupted"]
RUNNING: frozenset[Stage] = frozenset({"checking", "importing"})


class ImportSummary(BaseModel):
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
    def of(cls, report: ImportReport) -> "ImportSummary":
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
    """How far an import is; `done` and `total` in bytes of the file. `is_left`: no worker takes it up."""

    file: str
    total: int
    stage: Stage = "waiting"
    done: int = 0
    choices: Choices = Choices()
    summary: ImportSummary | None = None
    message: str | None = None
    is_left: bool = False

    @property
    def is_running(self) -> bool:
        return self.stage in RUNNING


class ImportTask(BaseModel):
    """The payload of the job: which import, on whose behalf, and whether it only checks."""

    key: str
    file: str
    actor_id: int
    actor_email: str
    dry_run: bool
    choices: Choices


class Readable(Protocol):
    """An uploaded file."""

    async def read(self, size: int = -1) -> bytes:
        """The next bytes, none at the end."""


class Imports:
    """The imports of the shop, in the transaction of a session."""

    def __init__(self, session: AsyncSession, max_genres: int) -> None:
        self._session = session
        self._max_genres = max_genres

    async def add(self, name: str, content: Readable) -> str:
        """Keep the file; the key of its import. The oldest go, but for one that runs."""
        key = uuid4().hex
        await self._session.execute(insert(BookImport).values(key=key, file=name, total=0))
        total = number = 0
        while block := await content.read(PART_BYTES):
            await keep_part(self._session, key, number, block, is_rejected=False)
            total, number = total + len(block), number + 1
        await self._session.execute(update(BookImport).where(BookImport.key == key).values(total=total))
        await self._drop_oldest()
        return key

    async def _drop_oldest(self) -> None:
        newest_first = select(BookImport.key).order_by(BookImport.created_at.desc(), BookImport.key)
        old = set(await self._session.scalars(newest_first.offset(KEPT_IMPORTS)))
        busy = set(await self._session.scalars(select(Job.payload["key"].astext).where(Job.key == IMPORT)))
        gone = delete(BookImport).where(BookImport.key.in_(old - busy))
        await self._session.execute(gone.execution_options(synchronize_session=False))

    async def all(self) -> list[tuple[str, ImportState]]:
        """Those that are kept, the newest first."""
        rows = await self._session.execute(_imports().order_by(BookImport.created_at.desc(), BookImport.key))
        return [(row.BookImport.key, _state(row)) for row in rows]

    async def find(self, key: str) -> ImportState | None:
        """Progress; interrupted when it says that it runs and no worker has it."""
        row = (await self._session.execute(_imports().where(BookImport.key == key))).one_or_none()
        return None if row is None else _state(row)

    async def start(self, key: str, choices: Choices, actor: Caller, *, dry_run: bool) -> bool:
        """Have the file checked or imported; False when another import runs, or it is no longer kept.

        Raises:
            ImportFailed: the choices make no sense.
        """
        file = await self._session.scalar(select(BookImport.file).where(BookImport.key == key))
        if file is None:
            return False
        choices.options(Source(actor.id, actor.email, file), self._max_genres, dry_run=dry_run)
        task = ImportTask(
            key=key, file=file, actor_id=actor.id, actor_email=actor.email, dry_run=dry_run, choices=choices
        )
        if not await enqueue(self._session, IMPORT, task.model_dump(mode="json"), key=IMPORT):
            return False
        stage = "checking" if dry_run else "importing"
        fresh = {"stage": stage, "done": 0, "summary": None, "message": None}
        await self._session.execute(
            update(BookImport)
            .where(BookImport.key == key)
            .values(choices=choices.model_dump(mode="json"), **fresh)
            .execution_options(synchronize_session=False)
        )
        return True


def _imports() -> Select[BookImport, bool, bool]:
    """Imports; whether a job stands for each, and whether nobody has taken that job up for a while."""
    alive = or_(Job.locked_until.is_(None), Job.locked_until > func.now())
    mine = and_(Job.key == IMPORT, Job.status == "pending", Job.payload["key"].astext == BookImport.key, alive)
    late = Job.next_attempt_at < func.now() - TAKEN_UP_WITHIN
    left = and_(Job.locked_until.is_(None), late)
    return select(BookImport, Job.id.is_not(None).label("has_job"), func.coalesce(left, False).label("is_left")).join(
        Job, mine, isouter=True
    )


def _state(row: Row[BookImport, bool, bool]) -> ImportState:
    found = row.BookImport
    state = ImportState(
        file=found.file,
        total=found.total,
        stage=found.stage,
        done=found.done,
        choices=found.choices,
        summary=found.summary,
        message=found.message,
        is_left=row.is_left,
    )
    return state.model_copy(update={"stage": "interrupted"}) if state.is_running and not row.has_job else state


async def keep_part(session: AsyncSession, key: str, number: int, content: bytes, *, is_rejected: bool) -> None:
    """Store a piece of the file, or of its rejected rows."""
    values = {"import_key": key, "is_rejected": is_rejected, "number": number, "content": content}
    await session.execute(insert(BookImportPart).values(**values))


async def parts(database: Database, key: str, *, is_rejected: bool) -> AsyncIterator[bytes]:
    """The pieces one after the other, each read by itself."""

    async def piece(session: AsyncSession, number: int) -> bytes | None:
        part: Sequence[object] = (key, is_rejected, number)
        columns = (BookImportPart.import_key, BookImportPart.is_rejected, BookImportPart.number)
        wanted = (column == value for column, value in zip(columns, part, strict=True))
        return await session.scalar(select(BookImportPart.content).where(*wanted))

    number = 0
    while (content := await database.reading(partial(piece, number=number))) is not None:
        yield content
        number += 1
