"""One request of the fuzz: what a client would send, and what was made of it."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote_plus

from tests.fuzz.world import raw_request

Pair = tuple[bytes, bytes]
BOUNDARY = b"fuzzboundary"


@dataclass
class Draft:
    """A request in parts, until `raw` makes bytes of it. `notes` tell what was done to it."""

    method: bytes
    path: bytes
    host: bytes
    query: list[Pair] = field(default_factory=list)
    tail: bytes = b""
    headers: list[Pair] = field(default_factory=list)
    cookies: list[Pair] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str, str, bytes, bytes]] = field(default_factory=list)
    json: Any = None
    kind: str = ""
    body: bytes | None = None
    content_type: bytes | None = None
    notes: list[str] = field(default_factory=list)

    def raw(self, rng: Random) -> bytes:
        """The bytes; what was not spoilt is as it should be."""
        body, content_type = self._content(rng) if self.body is None else (self.body, self._declared())
        content_type = content_type if self.content_type is None else self.content_type
        target = self.path
        query = b"&".join(name + b"=" + value for name, value in self.query) + self.tail
        target += b"?" + query if query else b""
        given = {name.lower() for name, _ in self.headers}
        headers = [] if b"host" in given else [(b"Host", self.host)]
        headers += self.headers
        if self.cookies:
            headers.append((b"Cookie", b"; ".join(name + b"=" + value for name, value in self.cookies)))
        if content_type and b"content-type" not in given:
            headers.append((b"Content-Type", content_type))
        if body or self.method not in {b"GET", b"HEAD"}:
            headers.append((b"Content-Length", b"%d" % len(body)))
        return raw_request(self.method, target, headers, body)

    @property
    def disguised(self) -> bool:
        """Whether the shop may not know who sends it."""
        return any(note.startswith(("cookie", "bearer", "header Cookie", "header Auth")) for note in self.notes)

    def set_field(self, name: str, value: str) -> None:
        """Give the field that value, whatever it had."""
        self.fields = [pair for pair in self.fields if pair[0] != name] + [(name, value)]

    def _declared(self) -> bytes:
        return {
            "json": b"application/json",
            "form": b"application/x-www-form-urlencoded",
            "multipart": b"multipart/form-data; boundary=" + BOUNDARY,
        }.get(self.kind, b"")

    def _content(self, rng: Random) -> tuple[bytes, bytes]:
        if self.kind == "json":
            written = json.dumps(self.json, ensure_ascii=rng.random() < 0.5)
            return written.encode("utf-8", "surrogatepass"), self._declared()
        if self.kind == "form":
            return b"&".join(_quoted(name) + b"=" + _quoted(value) for name, value in self.fields), self._declared()
        if self.kind == "multipart":
            return _multipart(self.fields, self.files), self._declared()
        return b"", b""


def _quoted(value: str) -> bytes:
    return quote_plus(value.encode("utf-8", "surrogatepass")).encode()


def _multipart(fields: list[tuple[str, str]], files: list[tuple[str, str, bytes, bytes]]) -> bytes:
    parts = []
    for name, value in fields:
        head = b'Content-Disposition: form-data; name="' + _bare(name) + b'"\r\n\r\n'
        parts.append(head + value.encode("utf-8", "surrogatepass"))
    for name, file_name, content_type, content in files:
        head = (
            b'Content-Disposition: form-data; name="' + _bare(name) + b'"; filename="' + _bare(file_name) + b'"\r\n'
        )
        parts.append(head + b"Content-Type: " + content_type + b"\r\n\r\n" + content)
    return b"".join(b"--" + BOUNDARY + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + BOUNDARY + b"--\r\n"


def _bare(name: str) -> bytes:
    """Without what would end the header: that has cases of its own."""
    return name.replace('"', "%22").replace("\r", "").replace("\n", "").encode("utf-8", "surrogatepass")
