"""What no answer may be."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.fuzz.pages import Reading
from tests.fuzz.wire import Answer

_TRACES = re.compile(
    rb"Traceback \(most recent call last\)|File \"/|\bsqlalchemy\.|\basyncpg\.|site-packages|SELECT .{1,200} FROM "
)
_IN_LOG = re.compile(
    r"Traceback \(most recent|unforeseen fault| ERROR | CRITICAL |never retrieved|never awaited|Exception ignored"
)
_MARKUP = ("text/html", "application/xhtml", "image/svg", "application/xml", "text/xml", "application/rss")


def faults(answer: Answer, path: str, *, home: tuple[str, ...]) -> Iterator[str]:
    """All that is wrong with an answer, whatever was asked; `home` are the other sites that it may lead to."""
    if answer.status >= 500:
        yield f"status {answer.status}"
    if answer.from_the_door:
        return
    if _TRACES.search(answer.body) and answer.status >= 400:
        yield "tells of its inside"
    if not answer.get("x-request-id") or answer.get("x-content-type-options") != "nosniff":
        yield "lacks X-Request-ID or nosniff"
    if any(name.lower().startswith("fuzz") for name, _ in answer.headers):
        yield "a header was put in"
    if answer.is_html and "default-src 'none'" not in answer.get("content-security-policy"):
        yield "HTML without a Content-Security-Policy"
    if answer.get("content-type").startswith(_MARKUP):
        yield from _injections(answer)
    if answer.body and not _is_well_formed(answer):
        yield f"malformed {answer.get('content-type')}"
    if 300 <= answer.status < 400 and not _stays(answer.get("location"), home) and answer.status != 304:
        yield f"leads to {answer.get('location')!r}"
    if answer.status == 401 and not path.startswith("/account") and not answer.get("www-authenticate"):
        yield "401 without WWW-Authenticate"


def _injections(answer: Answer) -> Iterator[str]:
    if b"fuzz" not in answer.body:
        return
    found = Reading("/", answer.text).injected if answer.is_html else re.findall(r"<fuzz[^>]*>", answer.text)
    for markup in found[:1]:
        yield f"input became markup: {markup}"


def _is_well_formed(answer: Answer) -> bool:
    """Whether programs can read it, where it is for programs."""
    kind = answer.get("content-type").partition(";")[0]
    try:
        body = gzip.decompress(answer.body) if answer.get("content-encoding") == "gzip" else answer.body
        if kind.endswith("json"):
            json.loads(body)
        elif kind.endswith("xml"):
            ET.fromstring(body)
    except (ValueError, OSError, EOFError, ET.ParseError):
        return False
    return True


def _stays(location: str, home: tuple[str, ...]) -> bool:
    inside = location.startswith("/") and not location.startswith(("//", "/\\"))
    return inside or location.startswith(home)


def lost_its_session(answer: Answer) -> bool:
    """Whether the answer is one for strangers."""
    return answer.status == 401 or (answer.status == 303 and answer.get("location").startswith("/account/sign-in"))


def is_turned_away(answer: Answer) -> bool:
    """Whether somebody is not who is asked for, or their form not ours."""
    closed = (b'"AUTH_FORBIDDEN"', b'"HTTP_401"', b'"AUTH_TOKEN_INVALID"', b"This form ", b"for its staff")
    return answer.status == 405 or lost_its_session(answer) or any(word in answer.body for word in closed)


class Log:
    """The log of the server, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, path.stat().st_size

    def news(self) -> str:
        """What was written since, if it tells of a fault."""
        size = self._path.stat().st_size
        if size == self._read:
            return ""
        with self._path.open("rb") as stream:
            stream.seek(self._read)
            text = stream.read().decode("utf-8", "replace")
        self._read = size
        return text if _IN_LOG.search(text) else ""
