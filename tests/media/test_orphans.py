"""Images that no book names are cleared away after a day, and no others."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from app.admin import housekeeping
from app.admin.housekeeping import sweep_all
from app.core.config import Settings
from app.core.db.transaction import Database
from app.core.embedded.locks import claim
from app.media import service
from app.media.service import ORPHANED_AFTER_SECONDS, delete_orphans
from app.media.storage import ImageFolder
from tests.command import bookstore
from tests.media.support import encoded, names, quarters, upload
from tests.support import Shop

RENDITIONS = {"small": b"s", "medium": b"m", "large": b"l"}


@pytest.fixture
def database(app) -> Database:
    return app.state.database


def age(uploads: Path, seconds: float = ORPHANED_AFTER_SECONDS + 60) -> None:
    """Have everything in the folder been written that long ago."""
    then = time.time() - seconds
    for path in uploads.iterdir():
        os.utime(path, (then, then))


async def uploaded(shop: Shop, *sizes: tuple[int, int]) -> list[str]:
    admin = await shop.admin()
    return [(await upload(shop, admin, encoded(quarters(size)))).json()["url"] for size in sizes]


@pytest.mark.parametrize(
    "address", ["{url}", "http://shop.example{url}", "{small}", "https://cdn.example/a{url}?v=1#x", "{url}/"]
)
async def test_what_a_book_names_stays_in_all_its_sizes(
    shop: Shop, database: Database, roomed: Settings, uploads: Path, address: str
):
    url, _ = await uploaded(shop, (100, 150), (120, 150))
    await shop.book(cover_image_url=address.format(url=url, small=url.replace(".webp", "-160.webp")))
    await shop.book(cover_image_url="https://covers.example/1.jpg")
    await shop.book(cover_image_url=None)
    age(uploads)
    assert await delete_orphans(database, roomed) == 3
    stem = url.removeprefix("/uploads/").removesuffix(".webp")
    assert names(uploads) == {f"{stem}.webp", f"{stem}-320.webp", f"{stem}-160.webp"}
    assert await delete_orphans(database, roomed) == 0


async def test_what_is_younger_than_a_day_stays(shop: Shop, database: Database, roomed: Settings, uploads: Path):
    await uploaded(shop, (100, 150))
    age(uploads, ORPHANED_AFTER_SECONDS - 60)
    assert await delete_orphans(database, roomed) == 0
    age(uploads)
    assert await delete_orphans(database, roomed) == 3


async def test_many_named_images_are_read_in_pieces(
    shop: Shop, database: Database, roomed: Settings, uploads: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(service, "ROWS_A_FETCH", 2)
    for url in await uploaded(shop, *[(100 + number, 150) for number in range(5)]):
        await shop.book(cover_image_url=url)
    age(uploads)
    assert await delete_orphans(database, roomed) == 0


async def test_uploading_again_begins_the_day_anew(shop: Shop, database: Database, roomed: Settings, uploads: Path):
    """Seen to fail when a file that is there already keeps its date."""
    await uploaded(shop, (100, 150))
    age(uploads)
    await uploaded(shop, (100, 150))
    assert await delete_orphans(database, roomed) == 0


def test_an_image_uploaded_again_while_orphans_are_looked_for_stays(uploads: Path):
    """Seen to fail without the second look at the age."""
    folder = ImageFolder(uploads)
    stem = folder.store(RENDITIONS)
    age(uploads)
    orphans = folder.stems_older_than(ORPHANED_AFTER_SECONDS)
    assert orphans == {stem}
    folder.store(RENDITIONS)
    assert folder.delete_older_than(ORPHANED_AFTER_SECONDS, orphans) == 0
    assert len(names(uploads)) == 3


async def test_deleting_waits_for_an_upload_under_way(uploads: Path):
    """Seen to fail without the lock: the file was deleted between the upload's look at it and its answer."""
    folder = ImageFolder(uploads)
    stem = folder.store(RENDITIONS)
    age(uploads)
    held = claim(uploads / ".lock")
    assert held is not None
    deleting = asyncio.create_task(asyncio.to_thread(folder.delete_older_than, ORPHANED_AFTER_SECONDS, {stem}))
    await asyncio.sleep(0.2)
    assert len(names(uploads)) == 3
    age(uploads, 0)
    os.close(held)
    assert await deleting == 0
    assert len(names(uploads)) == 3


async def test_drafts_left_behind_go_too_and_nothing_that_is_not_ours(
    database: Database, roomed: Settings, uploads: Path
):
    os.mkdir(uploads / f"{'0' * 32}.webp")  # noqa: PTH102
    for name in (".0123.webp.ab12.part", "notes.txt", ".lock"):
        (uploads / name).touch()
    assert await delete_orphans(database, roomed) == 0
    age(uploads)
    assert await delete_orphans(database, roomed) == 1
    assert names(uploads) == {"notes.txt", f"{'0' * 32}.webp"}


async def test_without_a_folder_there_is_nothing_to_do(database: Database, roomed: Settings, tmp_path: Path):
    assert await delete_orphans(database, roomed) == 0
    assert not names(tmp_path)


def test_a_failed_write_leaves_no_draft(uploads: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.media.storage.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        ImageFolder(uploads).store(RENDITIONS)
    assert not names(uploads)


async def test_the_hourly_housekeeping_does_it(
    shop: Shop, database: Database, roomed: Settings, uploads: Path, monkeypatch: pytest.MonkeyPatch
):
    await uploaded(shop, (100, 150))
    age(uploads)

    async def nothing(*_: object) -> int:
        return 0

    monkeypatch.setattr(housekeeping, "sweep", nothing)
    assert await sweep_all(database, roomed) == (0, 3)
    assert not names(uploads)


async def test_so_does_the_command(live: Shop, database_url: str, uploads: Path, tmp_path: Path):
    url, _ = await uploaded(live, (100, 150), (120, 150))
    await live.book(cover_image_url=url)
    age(uploads)
    settings = {"DATABASE_URL": database_url, "BOOKSTORE_DATA": str(tmp_path)}
    done = await asyncio.to_thread(bookstore, "sweep", **settings)
    assert (done.returncode, done.stdout) == (0, "0 rows and 3 files of images deleted.\n"), done.stderr
    assert len(names(uploads)) == 3
