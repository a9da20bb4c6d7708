"""Lists: the two page envelopes, and keyset cursors (contract, section 2.6)."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError

from app.core.problems import invalid_input
from app.core.values import INT_MAX, Moment

MAX_PAGE = 1_000_000
_SEAL_BYTES = 8
_POSITION = TypeAdapter(tuple[Moment, int])

PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Page, from 1")]
PageSize = Annotated[int, Query(ge=1, le=100, description="Entries a page")]
Limit = Annotated[int, Query(ge=1, le=100, description="Entries at most")]
OptionalLimit = Annotated[
    int | None,
    Query(ge=1, le=100, description="Entries at most; absent: all, where there are not more than the list may have"),
]
# A cursor may hold a title of 500 characters, each up to four bytes, in base64.
CursorText = Annotated[
    str | None, Query(max_length=4000, description="Opaque, from the `Link` header of the page before")
]
Total = Annotated[int, Field(ge=0)]

Key = str | int | None
Entry = TypeVar("Entry")

_PAYLOAD = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
LIST_HEADERS = {
    "X-Total-Count": {"description": "All matches", "schema": {"type": "integer"}},
    "Link": {"description": 'RFC 8288 `rel="next"` when more follow', "schema": {"type": "string"}},
}
"""What the answer of a list by cursor carries, for its `responses`."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """One page of a list that is longer; `more` when others follow, `total` over all pages."""

    entries: list[Entry]
    total: int
    more: bool


def encode_cursor(scope: str, *keys: Key) -> str:
    """An opaque cursor behind the row with these sort keys. `scope` names the list with its filters and order."""
    payload = _PAYLOAD.encode(keys).encode()
    return urlsafe_b64encode(_seal(scope, payload) + payload).rstrip(b"=").decode()


def decode_cursor(scope: str, cursor: str) -> list[Key]:
    """The sort keys of a cursor. The seal finds damage, not forgery: check their types before use.

    Raises:
        RequestValidationError: it is damaged, or was made for another list, other filters or another order.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        sealed, payload = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    except (binascii.Error, ValueError) as error:
        raise damaged_cursor() from error
    if sealed != _seal(scope, payload) or cursor != urlsafe_b64encode(raw).rstrip(b"=").decode():
        raise damaged_cursor()
    keys: list[Key] = json.loads(payload)
    return keys


def _seal(scope: str, payload: bytes) -> bytes:
    return blake2b(scope.encode() + b"\0" + payload, digest_size=_SEAL_BYTES, person=b"cursor").digest()


@dataclass(frozen=True, slots=True)
class Position:
    """Behind which row a page begins: newest first, then the greater id first."""

    created_at: datetime
    id: int


def position_cursor(scope: str, created_at: datetime, row_id: int) -> str:
    """A cursor behind the row of that time and id."""
    return encode_cursor(scope, created_at.isoformat(), row_id)


def read_position(scope: str, cursor: str | None, max_id: int = INT_MAX) -> Position | None:
    """The place of such a cursor. Raises RequestValidationError as `decode_cursor` does."""
    if cursor is None:
        return None
    try:
        position = Position(*_POSITION.validate_python(decode_cursor(scope, cursor)))
    except ValidationError as error:
        raise damaged_cursor() from error
    if not 0 < position.id <= max_id:
        raise damaged_cursor()
    return position


def damaged_cursor() -> RequestValidationError:
    """What a cursor gets that is none of ours, or none of this list."""
    return invalid_input("query", "cursor", message="is damaged or was made for another list")


@lru_cache(maxsize=1024)
def next_link(path: str, **query: object) -> str:
    """A path-relative RFC 8288 link to the page that follows; parameters that are None are left out."""
    given = {name: value for name, value in query.items() if value is not None}
    return f'<{path}?{urlencode(given)}>; rel="next"'
