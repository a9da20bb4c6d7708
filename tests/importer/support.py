"""Importing into a real database, looking at the books afterwards, and inventing ISBNs."""

import csv
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from app.catalog.importer import ImportOptions, ImportReport, import_csv


@dataclass
class Catalogue:
    """One database and a folder for files."""

    dsn: str
    folder: Path

    async def connect(self) -> Any:
        return await asyncpg.connect(self.dsn)

    def write(self, text: str, name: str = "books.csv", encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def write_rows(self, rows: Iterable[Mapping[str, object]], name: str = "books.csv") -> Path:
        rows = list(rows)
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def copy(self, path: Path) -> Path:
        return Path(shutil.copy(path, self.folder))

    async def load(self, text_or_path: str | Path, restocked: Any = None, **options: Any) -> ImportReport:
        path = self.write(text_or_path) if isinstance(text_or_path, str) else text_or_path
        return await import_csv(self.connect, path, ImportOptions(**options), restocked=restocked)

    async def execute(self, query: str, *values: object) -> None:
        connection = await self.connect()
        try:
            await connection.execute(query, *values)
        finally:
            await connection.close()

    async def fetch(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        connection = await self.connect()
        try:
            return [tuple(record) for record in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    async def books(self, columns: str = "title, author, price, isbn, stock_quantity") -> list[tuple[Any, ...]]:
        return await self.fetch(f"SELECT {columns} FROM books ORDER BY id")


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.rejected


def isbn13(number: int) -> str:
    """A valid ISBN-13 invented from a number of up to nine digits."""
    body = f"978{number:09d}"
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def isbn10(number: int) -> str:
    """A valid ISBN-10 invented from a number of up to nine digits."""
    body = f"{number:09d}"
    check = sum(int(digit) * place for place, digit in enumerate(body, 1)) % 11
    return body + ("X" if check == 10 else str(check))
