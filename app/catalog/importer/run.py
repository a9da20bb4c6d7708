"""The import from the first line of the file to the report."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app.catalog.importer.batches import LOST_CONNECTION, Restocked, store_batch
from app.catalog.importer.cells import BadCell
from app.catalog.importer.columns import Columns, resolve_columns
from app.catalog.importer.options import ImportFailed, ImportOptions
from app.catalog.importer.report import ImportReport, Rejects, Tally
from app.catalog.importer.rows import BookRow, RowReader
from app.catalog.importer.seen import Earlier, SeenBooks, seen_books
from app.catalog.importer.source import DELIMITERS, FileLost, Record, Table, open_table
from app.core.db.server import reason

Connect = Callable[[], Awaitable[asyncpg.Connection]]
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class RowSource:
    """The rows worth storing; what is rejected or mended on the way is tallied."""

    table: Table
    columns: Columns
    seen: SeenBooks
    rejects: Rejects
    tally: Tally
    price_needed: bool
    file_name: str

    def batches(self, size: int) -> Iterator[list[BookRow]]:
        batch: list[BookRow] = []
        for record in self.table.records():
            self.tally.rows += 1
            if row := self._row(record):
                batch.append(row)
            if len(batch) >= size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _row(self, record: Record) -> BookRow | None:
        reader = RowReader(self.columns, price_needed=self.price_needed)
        try:
            row = reader.read(record)
            earlier = self._earlier(row)
        except BadCell as fault:
            self.tally.reject(record.line, str(fault))
            self.rejects.write(record, str(fault))
            return None
        self.tally.mended(record.line, reader.mended)
        self.tally.unchanged += earlier is not None
        return None if earlier else row

    def _earlier(self, row: BookRow) -> Earlier | None:
        """The identical row before this one, if any; another of the same book is refused: the first one counts."""
        earlier = self.seen.claim(row)
        if earlier and not earlier.identical:
            raise BadCell(f"duplicate of line {earlier.line}: the same book with other details")
        return earlier


async def import_csv(
    connect: Connect,
    path: Path,
    options: ImportOptions,
    on_progress: Progress | None = None,
    restocked: Restocked | None = None,
) -> ImportReport:
    """Brings the file's books into the catalogue, a transaction each `options.batch_size` rows.

    `connect` gives a connection of the import's own, closed at the end. `on_progress` hears of bytes read and bytes
    in all after every batch. Raises ImportFailed; the batches stored until then stay, and a second run completes.
    """
    with (
        open_table(path) as table,
        seen_books() as seen,
        closing(Rejects(path, table.header, kept=not options.dry_run)) as rejects,
    ):
        price_needed = options.default_price is None
        columns = resolve_columns(table.header, options.mapping, has_default_price=not price_needed)
        source = RowSource(
            table, columns, seen, rejects, Tally(), price_needed, options.source.file_name or path.name
        )
        await _store(connect, source, options, on_progress or _silent, restocked)
    return _report(path, options, source)


async def _store(
    connect: Connect, source: RowSource, options: ImportOptions, on_progress: Progress, restocked: Restocked | None
) -> None:
    tally = source.tally
    try:
        connection = await connect()
        try:
            for batch in source.batches(options.batch_size):
                counts = await store_batch(connection, batch, options, restocked, source.file_name)
                tally.created += counts.created
                tally.updated += counts.updated
                tally.unchanged += counts.unchanged
                on_progress(source.table.position, source.table.size)
            on_progress(source.table.size, source.table.size)
        finally:
            await connection.close()
    except (*LOST_CONNECTION, asyncpg.PostgresError, sqlite3.Error, FileLost) as error:
        stored = 0 if options.dry_run else tally.created + tally.updated
        raise ImportFailed(
            f"{_what_happened(error)} after {stored} rows were stored ({reason(error)}): "
            "put that right and run the same import again to complete it."
        ) from error


def _what_happened(error: Exception) -> str:
    if isinstance(error, FileLost):
        return "The file could no longer be read"
    if isinstance(error, sqlite3.Error):
        return "The import's temporary file could not be written"
    return "The database was lost" if isinstance(error, LOST_CONNECTION) else "The database refused to go on"


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def _report(path: Path, options: ImportOptions, source: RowSource) -> ImportReport:
    tally, rejects, columns = source.tally, source.rejects, source.columns
    return ImportReport(
        path=path,
        dry_run=options.dry_run,
        encoding=source.table.encoding,
        delimiter=DELIMITERS.get(source.table.delimiter, source.table.delimiter),
        columns={field: columns.name_of(field) for field in columns.positions},
        ignored_columns=columns.ignored,
        rows=tally.rows,
        created=tally.created,
        updated=tally.updated,
        unchanged=tally.unchanged,
        repaired=tally.repaired,
        rejected=tally.rejected,
        repairs=tally.repairs,
        repair_samples=tally.repair_samples,
        rejection_samples=tally.rejection_samples,
        rejects_path=rejects.path if rejects.written else None,
        warnings=(rejects.warning,) if rejects.warning else (),
    )
