"""Lists: the two page envelopes, and keyset cursors (contract, section 2.6)."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import Field, TypeAdapter, ValidationError

from app.core.errors import InvalidRequest, invalid_input
from app.core.keys import KeyRing
from app.core.parts import Part
from app.core.values import INT_MAX, Moment

MAX_PAGE = 1_000_000
_SEAL_BYTES = 16
_POSITION = TypeAdapter(tuple[Moment, int])

Total = Annotated[int, Field(ge=0)]

Key = str | int | None
Entry = TypeVar("Entry")

_PAYLOAD = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """One page of a list that is longer; `more` when others follow, `total` over all pages."""

    entries: list[Entry]
    total: int
    more: bool


@dataclass(frozen=True, slots=True)
class Position:
    """Behind which row a page begins: newest first, then the greater id first."""

    created_at: datetime
    id: int


class Cursors:
    """Makes and reads the cursors of one application, sealed with a key of its own: nobody else makes one.

    `scope` names the list with its filters and order; a cursor is good for that list alone.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def behind(self, scope: str, *keys: Key) -> str:
        """An opaque cursor behind the row with these sort keys."""
        payload = _PAYLOAD.encode(keys).encode()
        return _text(_seal(self._keys.signing, scope, payload) + payload)

    def behind_row(self, scope: str, created_at: datetime, row_id: int) -> str:
        """A cursor behind the row of that time and id."""
        return self.behind(scope, created_at.isoformat(), row_id)

    def keys(self, scope: str, cursor: str) -> list[Key]:
        """The sort keys of a cursor. Another release may have sealed it: check their types before use.

        Raises:
            InvalidRequest: it is damaged, or was made for another list, other filters or another order.
        """
        try:
            raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            seal, payload = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
            if not self._sealed(seal, scope, payload) or cursor != _text(raw):
                raise damaged_cursor()
            keys = json.loads(payload)
        except (ValueError, RecursionError) as error:  # of base64, ASCII, UTF-8, JSON, and numbers that are too long
            raise damaged_cursor() from error
        if not isinstance(keys, list):
            raise damaged_cursor()
        return keys

    def position(self, scope: str, cursor: str | None, max_id: int = INT_MAX) -> Position | None:
        """The place of a cursor of `behind_row`. Raises InvalidRequest as `keys` does."""
        if cursor is None:
            return None
        try:
            position = Position(*_POSITION.validate_python(self.keys(scope, cursor)))
        except ValidationError as error:
            raise damaged_cursor() from error
        if not 0 < position.id <= max_id:
            raise damaged_cursor()
        return position

    def _sealed(self, seal: bytes, scope: str, payload: bytes) -> bool:
        return any(hmac.compare_digest(seal, _seal(key, scope, payload)) for key in self._keys.accepted)


def _seal(key: bytes, scope: str, payload: bytes) -> bytes:
    return hmac.digest(key, scope.encode() + b"\0" + payload, "sha256")[:_SEAL_BYTES]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


CURSORS = Part[Cursors]("cursors")


def damaged_cursor() -> InvalidRequest:
    """What a cursor gets that is none of ours, or none of this list."""
    return invalid_input("query", "cursor", message="is damaged or was made for another list")


@lru_cache(maxsize=1024)
def next_link(path: str, **query: object) -> str:
    """A path-relative RFC 8288 link to the page that follows; parameters that are None are left out."""
    given = {name: value for name, value in query.items() if value is not None}
    return f'<{path}?{urlencode(given)}>; rel="next"'
