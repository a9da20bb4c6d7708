"""The bounds on bodies and on requests at work, and texts that PostgreSQL cannot hold."""

import json
import re
from collections.abc import Callable, Container
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import Request, Response
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import BodyTooLarge, TryAgain
from app.core.problems import domain_problem, framework_problem, validation_problem

MAX_HELD_BYTES = 128 * 2**20
"""Bodies of all requests that one process reads or has at work."""

MAX_FIELDS = 1000
"""Of a form."""

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = frozenset({b"multipart/form-data", b"application/x-www-form-urlencoded"})
_SUSPECT_JSON = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ENCODED_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class BodyLimitMiddleware:
    """Lets a request in: reads its body within bounds, and notes texts that no column can hold.

    JSON and forms are UTF-8 here and nothing else: the parsers behind would let the client choose another codec, some
    of which take minutes for a megabyte. `refuse_unread` may answer before the body is read. The operations in
    `streamed` read their bodies themselves, each within a bound of its own. A process has `max_at_work` requests at
    work, from the end of their bodies to the beginning of their answers, and holds bodies of MAX_HELD_BYTES; what
    comes on top is turned away, so that those inside are served. `shown` makes a page of a refusal for browsers.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        max_at_work: int,
        streamed: Container[tuple[str, str]] = (),
        refuse_unread: Callable[[Request], Response | None] = lambda _: None,
        shown: Callable[[Request, Response], Response] = lambda _, refusal: refusal,
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.max_at_work = max_at_work
        self.streamed = streamed
        self.refuse_unread = refuse_unread
        self.shown = shown
        self._at_work = 0
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["unstorable"] = _unstorable_in_address(scope)
        try:
            if scope["method"] in _WITHOUT_BODY:
                await self._work(scope, receive, send)
                return
            content_type = Headers(scope=scope).get("content-type", "")
            self._judge_unread(scope, content_type)
            if (scope["method"], scope["path"]) in self.streamed:
                await self._work(scope, receive, send)
                return
            await self._read_and_work(scope, receive, send, content_type)
        except _Refused as refused:
            await self.shown(Request(scope), refused.answer)(scope, receive, send)

    def _judge_unread(self, scope: Scope, content_type: str) -> None:
        if not _is_utf8(content_type):
            raise _Refused(framework_problem(415, "Forms are UTF-8 here; leave the charset out."))
        if declares_more_than(self.max_bytes, scope) and (scope["method"], scope["path"]) not in self.streamed:
            raise self._too_large()
        if refusal := self.refuse_unread(Request(scope)):
            raise _Refused(refusal)

    async def _read_and_work(self, scope: Scope, receive: Receive, send: Send, content_type: str) -> None:
        body = bytearray()
        try:
            if not await self._read(receive, body):
                return
            whole = bytes(body)
            if whole and (refusal := _refuse_encoding(whole, content_type) or _refuse_fields(whole, content_type)):
                raise _Refused(refusal)
            state = scope["state"]
            if not state["unstorable"] and _unstorable_in_json(whole):
                state["unstorable"] = "body"
            await self._work(scope, _replay(whole, receive), send)
        finally:
            self._held_bytes -= len(body)

    async def _read(self, receive: Receive, body: bytearray) -> bool:
        """Whether the body came in full; of a client that hung up half-way nothing is done."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            body += chunk
            self._held_bytes += len(chunk)
            if len(body) > self.max_bytes:
                raise self._too_large()
            if self._held_bytes > MAX_HELD_BYTES:
                raise _Refused(_busy())
            if not message.get("more_body", False):
                return True

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, unless too many are at work; whether the shop lives can always be asked."""
        if self._at_work >= self.max_at_work and not scope["path"].startswith("/health"):
            raise _Refused(_busy())
        self._at_work += 1
        working = True

        def done() -> None:
            nonlocal working
            if working:
                working = False
                self._at_work -= 1

        async def send_noting(message: Message) -> None:
            done()
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        finally:
            done()

    def _too_large(self) -> "_Refused":
        return _Refused(domain_problem(BodyTooLarge(f"The body may have {self.max_bytes} bytes at most.")))


class _Refused(Exception):
    """Answer this instead."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


def _busy() -> Response:
    return domain_problem(TryAgain())


def _is_utf8(content_type: str) -> bool:
    """Whether a form says of itself what it must be; asked of the parser that reads forms later."""
    if "charset" not in content_type.lower():
        return True
    kind, options = parse_options_header(content_type)
    return kind not in _FORMS or options.get(b"charset", b"utf-8").lower() in {b"utf-8", b"utf8"}


def declares_more_than(max_bytes: int, scope: Scope) -> bool:
    """Whether the `Content-Length` alone says that the body is too large."""
    declared = Headers(scope=scope).get("content-length", "0")
    return declared.isdecimal() and int(declared) > max_bytes


def _refuse_encoding(body: bytes, content_type: str) -> Response | None:
    """The answer to a body of text that is not UTF-8 (400), or to JSON with a bare NUL, a syntax error (422)."""
    kind = content_type.lower()
    is_json = "json" in kind
    if not is_json and "form" not in kind:
        return None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return framework_problem(400, "The body is not UTF-8.")
    if is_json and b"\0" in body:
        return validation_problem(
            [{"loc": ["body", body.index(b"\0")], "msg": "JSON decode error", "type": "json_invalid"}]
        )
    return None


def _refuse_fields(body: bytes, content_type: str) -> Response | None:
    """The answer to a form with more fields than any has, also where all of them are empty, which parsers do not
    count and take a microsecond each for.
    """
    if "urlencoded" in content_type.lower() and body.count(b"&") >= MAX_FIELDS:
        return framework_problem(400, f"A form may have {MAX_FIELDS} fields at most.")
    return None


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _unstorable_in_address(scope: Scope) -> str | None:
    """`path` or `query` when it hides U+0000 or a surrogate, else None."""
    for place, raw in (("path", scope.get("raw_path") or b""), ("query", scope["query_string"])):
        if b"%" in raw:
            plain = unquote_to_bytes(raw)
            if b"\0" in plain or _ENCODED_SURROGATE.search(plain):
                return place
    return None


def _unstorable_in_json(body: bytes) -> bool:
    """Whether a string of the document holds U+0000 or a lone surrogate; syntax errors are found later."""
    if not _SUSPECT_JSON.search(body):
        return False
    try:
        waiting: list[object] = [json.loads(body)]
    except (ValueError, RecursionError):
        return False
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and ("\0" in value or _LONE_SURROGATE.search(value)):
            return True
    return False
