"""The hits of frequent prefixes, from the bitmaps that `bitmap_upkeep` keeps."""

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, islice
from operator import and_, or_

from sqlalchemy import Integer, column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import CHUNK, CHUNK_BITS
from app.catalog.search.counters import catalogue_version

MOST_STALE = 5000
"""Books that are looked at themselves; with more of them the bitmaps are of no use until they are drawn anew."""
_NOTHING = f"0::bit({CHUNK})"
# All in one statement: bitmaps, stale books and books are of the same moment. A row for each prefix and chunk with a
# hit or a stale book; none at all where the bitmaps are of no use.
_MASKS = text(f"""
    WITH asked AS (
        SELECT prefix FROM frequent_prefixes WHERE ready AND prefix = ANY (CAST(:words AS text[]))
    ), stale AS (
        SELECT book_id FROM stale_books LIMIT :most + 1
    ), looked_at AS (
        SELECT
            prefix,
            book_id >> {CHUNK_BITS} AS chunk,
            bit_or(bit) AS stale,
            bit_or(CASE WHEN search_vector @@ (prefix || ':*')::tsquery THEN bit ELSE {_NOTHING} END) AS hits,
            bit_or(CASE WHEN search_vector @@ (prefix || ':*A')::tsquery THEN bit ELSE {_NOTHING} END) AS in_title
        FROM asked
        CROSS JOIN stale
        CROSS JOIN LATERAL set_bit({_NOTHING}, book_id & {CHUNK - 1}, 1) AS bit
        LEFT JOIN books ON books.id = book_id
        GROUP BY 1, 2
    ), drawn AS (
        SELECT prefix, chunk, hits, in_title FROM prefix_bitmaps JOIN asked USING (prefix)
    ), masks AS (
        SELECT
            prefix,
            chunk,
            coalesce((drawn.hits & ~stale) | looked_at.hits, drawn.hits, looked_at.hits) AS hits,
            coalesce((drawn.in_title & ~stale) | looked_at.in_title, drawn.in_title, looked_at.in_title) AS in_title
        FROM drawn FULL JOIN looked_at USING (prefix, chunk)
    )
    SELECT prefix, chunk, hits, in_title FROM masks
    WHERE (SELECT count(*) FROM stale) <= :most
""")
_COLUMNS = _MASKS.columns(column("prefix"), column("chunk", Integer), column("hits"), column("in_title")).subquery()
_STATE_AND_MASKS = select(catalogue_version(), _COLUMNS)

Bits = dict[int, int]
"""Books: by chunk those of its 4096 ids, the first of which is the highest bit."""


@dataclass(frozen=True, slots=True)
class Mask:
    """The books with a word that begins so, and those that have it in the title."""

    hits: Bits = field(default_factory=dict)
    in_title: Bits = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Masks:
    """Of the words that are frequent prefixes, and the state that the catalogue was in."""

    state: int
    of: dict[str, Mask]


async def read_masks(session: AsyncSession, words: Collection[str]) -> Masks | None:
    """The masks of those of the words that are frequent prefixes; None where there are none, or of no use."""
    rows = (await session.execute(_STATE_AND_MASKS, {"words": list(words), "most": MOST_STALE})).all()
    if not rows:
        return None
    masks = Masks(rows[0][0], {})
    for _, prefix, chunk, hits, in_title in rows:
        mask = masks.of.setdefault(prefix, Mask())
        mask.hits[chunk] = int.from_bytes(hits.bytes)
        mask.in_title[chunk] = int.from_bytes(in_title.bytes)
    return masks


def intersection(*many: Bits) -> Bits:
    """The books that are among all of them."""
    chunks = set(many[0]).intersection(*many)
    return {chunk: reduce(and_, (bits[chunk] for bits in many)) for chunk in chunks}


def union(*many: Bits) -> Bits:
    """The books that are among any of them."""
    chunks: set[int] = set().union(*many)
    return {chunk: reduce(or_, (bits.get(chunk, 0) for bits in many)) for chunk in chunks}


def difference(bits: Bits, others: Bits) -> Bits:
    """The books but for those others."""
    return {chunk: each & ~others.get(chunk, 0) for chunk, each in bits.items()}


def bits_of(ids: Iterable[int]) -> Bits:
    """These books."""
    found: Bits = {}
    for book_id in ids:
        chunk = book_id >> CHUNK_BITS
        found[chunk] = found.get(chunk, 0) | 1 << (CHUNK - 1 - book_id % CHUNK)
    return found


def count_of(bits: Bits) -> int:
    """How many they are."""
    return sum(each.bit_count() for each in bits.values())


def first_of(hits: Bits, best: Bits, most: int) -> "array[int]":
    """The ids of up to so many: those that are best as well come before the others, each by id."""
    better = intersection(hits, best)
    return array("i", islice(chain(_ids(better), _ids(difference(hits, better))), most))


def _ids(bits: Bits) -> Iterator[int]:
    for chunk in sorted(bits):
        digits = f"{bits[chunk]:0{CHUNK}b}"
        place = digits.find("1")
        while place >= 0:
            yield chunk * CHUNK + place
            place = digits.find("1", place + 1)
