"""The job that checks or imports a file of books."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import asyncpg
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.imports import IMPORT, PART_BYTES, ImportSummary, ImportTask, keep_part, parts
from app.admin.models import BookImport, BookImportPart
from app.admin.restock import tells_waiting
from app.catalog.importer import ImportFailed, ImportReport, Source, import_csv
from app.core.config import Settings
from app.core.db.server import driver_url
from app.core.db.transaction import Database
from app.core.errors import TryAgain
from app.jobs.apart import apart
from app.jobs.kinds import JobInHand, JobKind
from app.mail.outbox import Outbox

SECONDS_A_NOTE = 0.4
_FILE = "books.csv"
_OUR_FAULT = "The fault is ours. Run the same import again to complete it."

log = logging.getLogger(__name__)


def import_kind(settings: Settings, database: Database) -> JobKind:
    """Imports are tried once: what is interrupted is for staff to complete."""
    url = driver_url(database.engine.url.render_as_string(hide_password=False))
    connect = partial(asyncpg.connect, url, statement_cache_size=0 if settings.db_pooler else 100)
    importing = Importing(database, connect, Outbox(settings, settings.keys()), settings.max_genres)
    return JobKind(IMPORT, importing.run, max_attempts=1)


@dataclass(slots=True)
class _Progress:
    """Set where the import runs, noted by the loop that started it."""

    done: int = 0

    def note(self, done: int, _total: int) -> None:
        self.done = done


class Importing:
    """Runs imports, each in a thread with connections of its own: reading a file keeps a processor busy."""

    def __init__(
        self,
        database: Database,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        outbox: Outbox,
        max_genres: int,
    ) -> None:
        self._database = database
        self._connect = connect
        self._outbox = outbox
        self._max_genres = max_genres

    async def run(self, job: JobInHand) -> None:
        """Check or import, and note what came of it. An import whose worker died is interrupted."""
        task = ImportTask.model_validate(job.payload)
        if job.attempts > 1:
            await self._record(task.key, stage="interrupted")
            return
        try:
            report = await self._watched(task)
            stage = "checked" if task.dry_run else "imported"
            end: dict[str, Any] = {"stage": stage, "summary": ImportSummary.of(report).model_dump(mode="json")}
        except ImportFailed as failure:
            end = {"stage": "failed", "message": str(failure)}
        except Exception:
            log.exception("import failed")
            end = {"stage": "failed", "message": _OUR_FAULT}
        await self._record(task.key, done=BookImport.total, **end)

    async def _watched(self, task: ImportTask) -> ImportReport:
        progress = _Progress()
        noting = asyncio.create_task(self._note(task.key, progress))
        try:
            with TemporaryDirectory(prefix="bookstore-import-") as folder:
                return await self._import(task, Path(folder), progress)
        finally:
            noting.cancel()
            with suppress(asyncio.CancelledError):
                await noting

    async def _import(self, task: ImportTask, folder: Path, progress: _Progress) -> ImportReport:
        source = Source(task.actor_id, task.actor_email, task.file)
        options = task.choices.options(source, self._max_genres, dry_run=task.dry_run)
        file = folder / _FILE
        await self._fetch(task.key, file)
        report = await apart(
            lambda: import_csv(self._connect, file, options, progress.note, tells_waiting(self._outbox))
        )
        await self._keep_rejects(task.key, report.rejects_path)
        return report

    async def _fetch(self, key: str, file: Path) -> None:
        with await asyncio.to_thread(file.open, "xb") as stream:
            async for content in parts(self._database, key, is_rejected=False):
                await asyncio.to_thread(stream.write, content)

    async def _keep_rejects(self, key: str, file: Path | None) -> None:
        """In place of those of an earlier run."""

        async def forget(session: AsyncSession) -> None:
            mine = (BookImportPart.import_key == key, BookImportPart.is_rejected)
            await session.execute(delete(BookImportPart).where(*mine))

        await self._database.transaction(forget)
        if file is None:
            return
        with await asyncio.to_thread(file.open, "rb") as stream:
            for number, content in enumerate(_blocks(stream)):
                await self._database.transaction(
                    partial(keep_part, key=key, number=number, content=content, is_rejected=True)
                )

    async def _note(self, key: str, progress: _Progress) -> None:
        """Tell how far it is, now and then."""
        told = 0
        while True:
            await asyncio.sleep(SECONDS_A_NOTE)
            if progress.done != told:
                told = progress.done
                with suppress(TryAgain):
                    await self._record(key, done=told)

    async def _record(self, key: str, **columns: Any) -> None:
        change = update(BookImport).where(BookImport.key == key).values(**columns)

        async def work(session: AsyncSession) -> None:
            await session.execute(change.execution_options(synchronize_session=False))

        await self._database.transaction(work)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(PART_BYTES):
        yield block
