"""The number of books, kept beside them: counting a million rows at each look at the shop would take its time.

Each statement that adds or removes books, or changes what they are found by, adds a row to `book_tallies`; now and
then the rows are added up into one.
"""

from sqlalchemy import ScalarSelect, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import BookTally

_ADD_UP = text("""
    WITH gone AS (
        DELETE FROM book_tallies WHERE (SELECT count(*) FROM book_tallies) > 1 RETURNING delta, stamp
    ), kept AS (
        INSERT INTO book_tallies (delta, stamp) SELECT sum(delta), bit_xor(stamp) FROM gone HAVING count(*) > 0
    )
    SELECT count(*) FROM gone
""")


def number_of_books() -> ScalarSelect[int]:
    """How many books there are."""
    return select(func.coalesce(func.sum(BookTally.delta), 0)).scalar_subquery()


def state_of_books() -> ScalarSelect[int]:
    """A number that is another whenever there are other books, or what they are found by has changed.

    That is titles, authors, genres and prices, not stock and ratings. Adding the tallies up leaves it as it is.
    """
    return select(func.coalesce(func.bit_xor(BookTally.stamp), 0)).scalar_subquery()


async def add_up_tallies(session: AsyncSession) -> int:
    """Turn the tallies into one; how many there were, 0 where there is one already."""
    added_up: int = (await session.execute(_ADD_UP)).scalar_one()
    return added_up
