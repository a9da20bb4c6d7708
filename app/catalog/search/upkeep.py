"""Drawing the bitmaps of frequent prefixes, and drawing anew what has gone stale.

A catalogue of a million books holds some hundred prefixes that so many words begin with that their hits cannot be
counted in time: `the`, `a`, `his`. For these it is written down which books hold them (`prefix_bitmaps`). Triggers
note in `stale_books` which books have changed since, and `BookSearch` looks at these themselves: so the bitmaps are
never wrong, however long the upkeep does not come.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import CHUNK, CHUNK_BITS
from app.core.db.transaction import Database

FREQUENT = 10_000
"""Books; the hits of rarer prefixes are counted fast enough (20 ms)."""
_NOTHING = f"0::bit({CHUNK})"
_LOCK_KEY = 6_171_003  # two at once would draw the same chunk
_BEGIN = text("SELECT set_config('statement_timeout', '0', true), pg_try_advisory_xact_lock(:key)")
_ANY_STALE = text("SELECT EXISTS (SELECT FROM stale_books)")
_ANY_READY = text("SELECT EXISTS (SELECT FROM frequent_prefixes WHERE ready)")
_ANY_AWAITED = text("SELECT EXISTS (SELECT FROM frequent_prefixes WHERE NOT ready)")
_FIRST_STALE = text("SELECT min(book_id) FROM stale_books")
_CHUNKS = text(f"SELECT DISTINCT id >> {CHUNK_BITS} FROM books")
_FORGET = text("DELETE FROM stale_books")
_WIPE = text("""
    DELETE FROM prefix_bitmaps WHERE prefix IN (SELECT prefix FROM frequent_prefixes) AND chunk = :chunk
""")
_ALL_READY = text("UPDATE frequent_prefixes SET ready = true WHERE NOT ready")
# A book with two words that begin so counts twice: some are taken for frequent that are not quite. One goes when it
# is half as frequent, so that none comes and goes each hour.
_CHOOSE = text("""
    WITH words AS (
        SELECT word, ndoc FROM ts_stat('SELECT search_vector FROM books')
    ), counted AS (
        SELECT left(word, n) AS prefix, sum(ndoc) AS hits
        FROM words, generate_series(1, length(word)) AS n
        GROUP BY prefix HAVING sum(ndoc) > :frequent / 2
    ), gone AS (
        DELETE FROM frequent_prefixes WHERE prefix NOT IN (SELECT prefix FROM counted)
    )
    INSERT INTO frequent_prefixes (prefix)
    SELECT prefix FROM counted WHERE hits > :frequent
    ON CONFLICT DO NOTHING
""")
_DRAW = f"""
    INSERT INTO prefix_bitmaps (prefix, chunk, hits, in_title)
    SELECT prefix, id >> {CHUNK_BITS}, bit_or(bit), bit_or(CASE WHEN 'A' = ANY (weights) THEN bit ELSE {_NOTHING} END)
    FROM books
    CROSS JOIN LATERAL set_bit({_NOTHING}, id & {CHUNK - 1}, 1) AS bit
    CROSS JOIN LATERAL unnest(search_vector)
    CROSS JOIN LATERAL generate_series(1, length(lexeme)) AS n
    JOIN frequent_prefixes ON prefix = left(lexeme, n) AND ready = :ready
    WHERE id BETWEEN :first AND :last
    GROUP BY 1, 2
"""
_DRAW_AWAITED = text(_DRAW)
_FORGET_AND_DRAW = text(f"WITH fresh AS (DELETE FROM stale_books WHERE book_id BETWEEN :first AND :last) {_DRAW}")


async def keep_bitmaps(database: Database) -> None:
    """Bring the bitmaps up to date; where another process is at it, leave it to that one."""
    await database.transaction(choose_prefixes)
    while await database.transaction(draw_stale_chunk):
        pass
    await database.transaction(draw_awaited)


async def choose_prefixes(session: AsyncSession) -> None:
    """Find out which prefixes are frequent now, if any book has changed; those that no longer are go."""
    if await _begins(session) and await session.scalar(_ANY_STALE):
        await session.execute(_CHOOSE, {"frequent": FREQUENT})


async def draw_stale_chunk(session: AsyncSession) -> bool:
    """Draw the bitmaps of one chunk in which books have changed; whether there may be another."""
    if not await _begins(session):
        return False
    book_id = await session.scalar(_FIRST_STALE)
    if book_id is None:
        return False
    if not await session.scalar(_ANY_READY):
        await session.execute(_FORGET)
        return False
    chunk = book_id >> CHUNK_BITS
    await session.execute(_WIPE, {"chunk": chunk})
    await session.execute(_FORGET_AND_DRAW, {"ready": True, **_ids(chunk)})
    return True


async def draw_awaited(session: AsyncSession) -> None:
    """Draw the bitmaps of prefixes that have none yet, all in this transaction.

    Each statement sees later changes than the one before: a book that changes meanwhile is among the stale ones, for
    which bitmaps do not speak.
    """
    if await _begins(session) and await session.scalar(_ANY_AWAITED):
        for chunk in (await session.scalars(_CHUNKS)).all():
            await session.execute(_DRAW_AWAITED, {"ready": False, **_ids(chunk)})
        await session.execute(_ALL_READY)


async def _begins(session: AsyncSession) -> bool:
    """Whether nobody else is at it, until the transaction ends."""
    _, alone = (await session.execute(_BEGIN, {"key": _LOCK_KEY})).one()
    return bool(alone)


def _ids(chunk: int) -> dict[str, int]:
    return {"first": chunk * CHUNK, "last": chunk * CHUNK + CHUNK - 1}
