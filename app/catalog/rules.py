"""Rules of the catalogue on plain values."""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

TENTH = Decimal("0.1")
MAX_STOCK = 2**31 - 1
DEEPEST_ROW = 10_000
GENRES_LOCK = 6_171_004
"""An advisory lock: who adds genres holds it, or two could both add the last one."""
HEAVIEST_GRAMS = 100_000
TAX_CATEGORIES = ("book", "ebook", "other")
"""Kinds of goods that tax laws tell apart."""
MAX_WORDS = 100
"""Of a search, where no setting says otherwise."""
MAX_DESCRIPTION = 100_000
"""Characters; the importer reads no longer record."""


@lru_cache(maxsize=4096)
def average_rating(rating_sum: int, rating_count: int) -> float | None:
    """The mean with one decimal, half-even on the exact mean; None without ratings."""
    if rating_count == 0:
        return None
    return float((Decimal(rating_sum) / rating_count).quantize(TENTH, ROUND_HALF_EVEN))


def too_deep(page: int, size: int, total: int) -> bool:
    """Whether a page must be reached by cursor. Pages past the end are empty and cost nothing."""
    return page * size > DEEPEST_ROW and (page - 1) * size < total


def fits_stock(quantity: int) -> bool:
    """Whether a book can have that many copies."""
    return 0 <= quantity <= MAX_STOCK


def is_restock(before: int, after: int) -> bool:
    """From exactly none to some: those who wait are told."""
    return before == 0 and after > 0


def fuzzy(word: str) -> bool:
    """Whether a word of a search is long enough to be matched by trigrams: four letters or more."""
    return sum(character.isalpha() for character in word) >= 4  # noqa: PLR2004
