"""Images: taken in, given out, and cleared away when no book names them."""

import asyncio
from collections.abc import AsyncIterator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book
from app.core.config import Settings
from app.core.db.transaction import Database
from app.media.errors import CannotStore, TypeUnsupported
from app.media.images import renditions
from app.media.rules import DECLARED_TYPES, Kind, sniff
from app.media.storage import ImageFolder, StoredFile

ROWS_A_FETCH = 5000
_STEM_IN_ADDRESS = "/uploads/([0-9a-f]{32})"


async def named_stems(session: AsyncSession) -> AsyncIterator[str]:
    """The stem of every image that a book names as its cover, in whichever size and with or without a host."""
    stem = func.substring(Book.cover_image_url, _STEM_IN_ADDRESS)
    named = select(stem).where(Book.cover_image_url.contains("/uploads/"), stem.is_not(None))
    rows = await session.stream_scalars(named.execution_options(yield_per=ROWS_A_FETCH))
    async for found in rows:
        yield str(found)


ORPHANED_AFTER_SECONDS = 24 * 3600


class ImageService:
    """The images of the shop. One is decoded at a time, for its pixels may take 600 MB."""

    def __init__(self, settings: Settings) -> None:
        self.max_bytes = settings.upload_max_bytes
        self._folder = _folder(settings)
        self._turn = asyncio.Semaphore(1)

    async def keep(self, content: bytes, declared_type: str | None) -> str:
        """Store the image in all sizes; the stem of its files, the same for the same picture.

        Raises:
            TypeUnsupported: it is declared, or is, something else than JPEG, PNG or WebP.
            ImageInvalid: it is broken or has too many pixels.
            CannotStore: the data folder refuses.
        """
        kind = sniff(content)
        declared = (declared_type or "").partition(";")[0].strip().lower()
        if kind is None or (declared and declared not in DECLARED_TYPES):
            raise TypeUnsupported
        async with self._turn:
            return await asyncio.to_thread(self._keep, content, kind)

    def _keep(self, content: bytes, kind: Kind) -> str:
        made = renditions(content, kind)
        try:
            return self._folder.store(made)
        except OSError as error:
            raise CannotStore("the image could not be written") from error

    async def open(self, name: str, *, with_content: bool) -> StoredFile | None:
        """The stored file of that name, if there is one."""
        return await asyncio.to_thread(self._folder.open, name, with_content=with_content)


def _folder(settings: Settings) -> ImageFolder:
    return ImageFolder(settings.data / "uploads")


async def delete_orphans(database: Database, settings: Settings) -> int:
    """Delete the images that no book names and nobody uploaded for a day, and drafts left behind; how many files.

    The day is for whoever uploads a cover first and saves the book afterwards.
    """
    folder = _folder(settings)
    aged = await asyncio.to_thread(folder.stems_older_than, ORPHANED_AFTER_SECONDS)

    async def unnamed(session: AsyncSession) -> set[str]:
        left = set(aged)
        async for stem in named_stems(session):
            left.discard(stem)
        return left

    orphans = await database.transaction(unnamed) if aged else aged
    return await asyncio.to_thread(folder.delete_older_than, ORPHANED_AFTER_SECONDS, orphans)
