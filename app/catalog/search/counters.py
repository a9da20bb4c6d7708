"""The number of books, kept beside them: counting a million rows at each look at the shop would take its time.

Each statement that adds or removes books, or changes what they are found by, adds a row to `book_counters`; now and
then the rows are added up into one.
"""

from sqlalchemy import ScalarSelect, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import BookCounter

_ADD_UP = text("""
    WITH gone AS (
        DELETE FROM book_counters WHERE (SELECT count(*) FROM book_counters) > 1 RETURNING delta, stamp
    ), kept AS (
        INSERT INTO book_counters (delta, stamp) SELECT sum(delta), bit_xor(stamp) FROM gone HAVING count(*) > 0
    )
    SELECT count(*) FROM gone
""")


def number_of_books() -> ScalarSelect[int]:
    """How many books there are."""
    return select(func.coalesce(func.sum(BookCounter.delta), 0)).scalar_subquery()


def catalogue_version() -> ScalarSelect[int]:
    """A number that is another whenever there are other books, or what they are found by has changed.

    That is titles, authors, genres and prices, not stock and ratings. Adding the counters up leaves it as it is.
    """
    return select(func.coalesce(func.bit_xor(BookCounter.stamp), 0)).scalar_subquery()


async def merge_book_counters(session: AsyncSession) -> int:
    """Turn the counters into one; how many there were, 0 where there is one already."""
    added_up: int = (await session.execute(_ADD_UP)).scalar_one()
    return added_up
