"""The number of books, kept beside them: counting a million rows at each look at the shop would take its time.

Each statement that adds or removes books adds a row to `book_tallies`; now and then they are added up into one.
"""

from sqlalchemy import ScalarSelect, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import BookTally

_ADD_UP = text("""
    WITH gone AS (
        DELETE FROM book_tallies WHERE (SELECT count(*) FROM book_tallies) > 1 RETURNING delta
    ), kept AS (
        INSERT INTO book_tallies (delta) SELECT sum(delta) FROM gone HAVING count(*) > 0
    )
    SELECT count(*) FROM gone
""")


def number_of_books() -> ScalarSelect[int]:
    """How many books there are."""
    return select(func.coalesce(func.sum(BookTally.delta), 0)).scalar_subquery()


async def add_up_tallies(session: AsyncSession) -> int:
    """Turn the tallies into one; how many there were, 0 where there is one already."""
    added_up: int = (await session.execute(_ADD_UP)).scalar_one()
    return added_up
