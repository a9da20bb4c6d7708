"""The addresses of covers: those of the shop where it has one, else one that says what is to be drawn."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Protocol

from app.core.keys import KeyRing

MAX_TITLE, MAX_AUTHOR = 160, 60
MARK_BYTES = 18


class Covered(Protocol):
    """Whatever names a book. Snapshots of books may have lost a part."""

    @property
    def title(self) -> str | None: ...
    @property
    def author(self) -> str | None: ...


def cover_path(key: bytes, book: Covered) -> str:
    """The address of a picture on this host; those of other hosts are not fetched, a cover is drawn instead."""
    own: str | None = getattr(book, "cover_image_url", None)
    return own if own and own.startswith("/") else drawn_path(key, book.title or "", book.author or "")


@lru_cache(maxsize=2048)
def drawn_path(key: bytes, title: str, author: str) -> str:
    """The address of the drawn cover of that book; the mark shows that it is one of ours."""
    said = json.dumps([title[:MAX_TITLE], author[:MAX_AUTHOR]], ensure_ascii=False, separators=(",", ":"))
    name = urlsafe_b64encode(said.encode("utf-8", "replace")).rstrip(b"=").decode()
    return f"/covers/{_mark(key, name)}/{name}.svg"


def read_drawn(keys: KeyRing, mark: str, name: str) -> tuple[str, str] | None:
    """Title and author of an address that `drawn_path` made, else None."""
    if not name.isascii() or not mark.isascii():
        return None
    if not any(hmac.compare_digest(mark, _mark(key, name)) for key in keys.accepted):
        return None
    title, author = json.loads(urlsafe_b64decode(name + "=" * (-len(name) % 4)))
    return title, author


def _mark(key: bytes, name: str) -> str:
    marked = hmac.digest(key, b"cover:" + name.encode(), "sha256")[:MARK_BYTES]
    return urlsafe_b64encode(marked).decode()
