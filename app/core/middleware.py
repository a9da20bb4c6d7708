"""What surrounds every request: its id, the bounds on its body, texts PostgreSQL cannot hold, and the last net."""

import json
import logging
import re
import time
from collections.abc import Callable, Container
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from fastapi import Request, Response
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import TryAgain
from app.core.metrics import observe_request
from app.core.problems import framework_problem, invalid_input, problem, validation_problem

log = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="-")

MAX_HELD_BYTES = 128 * 2**20
"""Bodies of all requests that one process reads or has at work."""

_HUNG_UP = 499  # what nginx calls it; counted, never sent
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = frozenset({b"multipart/form-data", b"application/x-www-form-urlencoded"})
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SUSPECT_JSON = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ENCODED_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class RequestContext:
    """Gives every answer its `X-Request-ID` and `nosniff`, and counts it; lets no quoted cookie in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["headers"] = [_plain(header) for header in scope["headers"]]
        given = Headers(scope=scope).get("x-request-id", "")
        own = given if _GIVEN_ID.fullmatch(given) else uuid4().hex
        token = request_id.set(own)
        started = time.perf_counter()
        status, answered = 500, False

        async def send_marked(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                answered = True
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = own
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
            status = status if answered else _HUNG_UP
        finally:
            observe_request(scope, status, time.perf_counter() - started)
            request_id.reset(token)


def _plain(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """The header; of cookies those alone that stand without quotes, as all of ours do.

    Python 3.11 and 3.12.1 take time that grows with the square of a quoted value to read it (`http.cookies`).
    """
    name, value = header
    if name != b"cookie" or b'"' not in value:
        return header
    return name, b";".join(pair for pair in value.split(b";") if b'"' not in pair)


class LastNet:
    """Turns an unforeseen fault into a 500 that tells nothing of its cause; the log tells all."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("unforeseen fault")
            await problem("INTERNAL_ERROR", "Internal server error")(scope, receive, send)


class BodyGuard:
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
            if whole and (refusal := _refuse_encoding(whole, content_type)):
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
        return _Refused(problem("BODY_TOO_LARGE", f"The body may have {self.max_bytes} bytes at most."))


class _Refused(Exception):
    """Answer this instead."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


def _busy() -> Response:
    return problem("BUSY_TRY_AGAIN", TryAgain.detail, headers={"Retry-After": "1"})


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


async def storable_text(request: Request) -> None:
    """Dependency of every operation, behind authentication: refuse what BodyGuard noted.

    Raises:
        RequestValidationError: U+0000 or a lone surrogate stands in path, query or body.
    """
    if place := request.state.unstorable:
        raise invalid_input(place, message="must not contain U+0000 or a lone surrogate", kind="string_unicode")
