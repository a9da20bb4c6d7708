"""The books a file has named so far, on disk: a million of them must not fill the memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from typing import NamedTuple

from app.catalog.importer.rows import BookRow


class Earlier(NamedTuple):
    """The row that named the book first."""

    line: int
    identical: bool


class SeenBooks:
    """Books named by the file, with the line and a digest of what that line said."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA cache_size = -8192")  # kibibytes
        database.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, line INTEGER, content BLOB) WITHOUT ROWID")

    def claim(self, row: BookRow) -> Earlier | None:
        """None when the row is the first to name its book."""
        key, content = _digest(row.key), _digest(row[1:])
        added = self._database.execute(
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (key, row.line, content)
        )
        if added.rowcount:
            return None
        line, first = self._database.execute("SELECT line, content FROM seen WHERE key = ?", (key,)).fetchone()
        return Earlier(line, identical=first == content)


@contextmanager
def seen_books() -> Iterator[SeenBooks]:
    with closing(sqlite3.connect("")) as database:  # the empty name is a temporary file of SQLite's own
        yield SeenBooks(database)


def _digest(values: tuple[object, ...]) -> bytes:
    return blake2b(repr(values).encode(), digest_size=16).digest()
