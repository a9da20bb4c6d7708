"""Filters of staff lists as they stand in an address: what makes no sense counts as not asked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TypeVar
from urllib.parse import urlencode

from app.core.paging import MAX_PAGE
from app.core.values import INT_MAX

Choice = TypeVar("Choice", bound=str)
PER_PAGE = 25


def number(text: str, largest: int = INT_MAX) -> int | None:
    """A positive whole number."""
    found = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(INT_MAX)) else 0
    return found if 0 < found <= largest else None


def page_number(given: Mapping[str, str]) -> int:
    """The page that was asked for."""
    return number(given.get("page", ""), MAX_PAGE) or 1


def start_of(text: str) -> datetime | None:
    """The beginning of a day like 2026-11-22, in UTC."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def end_of(text: str) -> datetime | None:
    """The beginning of the day after."""
    day = start_of(text)
    try:
        return None if day is None else day + timedelta(days=1)
    except OverflowError:
        return None


def address(path: str, given: Mapping[str, object]) -> str:
    """`path` with what is asked, and nothing that is not."""
    query = urlencode({name: value for name, value in given.items() if value not in {None, ""}})
    return f"{path}?{query}" if query else path


def last_page(total: int) -> int:
    """The number of the last page; 1 for an empty list."""
    return max(1, ceil(total / PER_PAGE))
