"""Fixtures of tests of the catalogue."""

import pytest

from app.catalog.search import books, matching, upkeep
from app.catalog.search.books import forget_searches


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch):
    """Five books make a prefix frequent, three hits are too many to weigh, every catalogue is large."""
    monkeypatch.setattr(upkeep, "FREQUENT", 4)
    monkeypatch.setattr(matching, "COMMON", 2)
    monkeypatch.setattr(matching, "ALIKE", 2)
    monkeypatch.setattr(books, "LARGE", -1)
    forget_searches()
