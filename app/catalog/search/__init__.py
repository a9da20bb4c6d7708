"""Search: the statements, what they find words by, and what is kept between them. Other rooms enter here."""

from app.catalog.search.books import BookSearch, forget_searches
from app.catalog.search.counters import merge_book_counters
from app.catalog.search.upkeep import keep_bitmaps

__all__ = ["BookSearch", "forget_searches", "keep_bitmaps", "merge_book_counters"]
