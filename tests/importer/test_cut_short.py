"""Imports that cannot go on: what was stored stays, is told, and a second run completes."""

import errno
from contextlib import contextmanager
from io import BufferedReader, FileIO

import pytest

from app.catalog.importer import ImportFailed, run, source
from app.catalog.importer.seen import seen_books
from tests.importer.support import counts


class Unplugged(FileIO):
    """A file whose disk goes away behind its first 40 000 bytes."""

    def readinto(self, buffer):
        if self.tell() > 40_000:
            raise OSError(errno.EIO, "Input/output error")
        return super().readinto(buffer)


def many_rows() -> str:
    return "title,author,price\n" + "".join(f"Title {number},Somebody,1\n" for number in range(5000))


async def test_a_file_that_goes_away_is_told_with_what_was_stored(catalogue, monkeypatch):
    path = catalogue.write(many_rows())
    with monkeypatch.context() as unplugged:
        unplugged.setattr(source, "_open_file", lambda path: (BufferedReader(Unplugged(path)), "utf-8"))
        with pytest.raises(ImportFailed) as failure:
            await catalogue.load(path, batch_size=500)
    [(stored,)] = await catalogue.fetch("SELECT count(*) FROM books")
    assert 0 < stored < 5000
    assert str(failure.value).startswith(f"The file could no longer be read after {stored} rows were stored (")
    assert "Input/output error" in str(failure.value)
    assert str(failure.value).endswith("run the same import again to complete it.")
    assert counts(await catalogue.load(path)) == (5000 - stored, 0, stored, 0)


async def test_a_full_temporary_folder_is_told_with_what_was_stored(catalogue, monkeypatch):
    @contextmanager
    def almost_full():
        with seen_books() as seen:
            seen._database.execute("PRAGMA max_page_count = 20")
            yield seen

    monkeypatch.setattr(run, "seen_books", almost_full)
    with pytest.raises(ImportFailed, match="disk is full") as failure:
        await catalogue.load(many_rows(), batch_size=100)
    [(stored,)] = await catalogue.fetch("SELECT count(*) FROM books")
    assert 0 < stored < 5000
    assert f"after {stored} rows were stored" in str(failure.value)
