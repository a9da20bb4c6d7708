"""Which images the books name."""

from collections.abc import AsyncIterator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book

ROWS_A_FETCH = 5000
_STEM_IN_ADDRESS = "/uploads/([0-9a-f]{32})"


async def named_stems(session: AsyncSession) -> AsyncIterator[str]:
    """The stem of every image that a book names as its cover, in whichever size and with or without a host."""
    stem = func.substring(Book.cover_image_url, _STEM_IN_ADDRESS)
    named = select(stem).where(Book.cover_image_url.contains("/uploads/"), stem.is_not(None))
    rows = await session.stream_scalars(named.execution_options(yield_per=ROWS_A_FETCH))
    async for found in rows:
        yield str(found)
