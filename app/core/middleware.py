"""What surrounds every request: its id, the bounds on its body, texts PostgreSQL cannot hold, and the last net."""

import json
import logging
import re
import time
from collections.abc import Callable, Container, Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.metrics import observe_request
from app.core.problems import framework_problem, invalid_input, problem, validation_problem

log = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="-")

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SUSPECT_JSON = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_ENCODED_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class RequestContext:
    """Gives every answer its `X-Request-ID`, `nosniff` and what stands in `always`, and counts it.

    What is answered to somebody who says who they are, or who should have, is nobody else's: no cache keeps it,
    unless the answer itself says otherwise.
    """

    def __init__(self, app: ASGIApp, always: Mapping[str, str] | None = None) -> None:
        self.app = app
        self.always = (always or {}).items()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = dict(scope["headers"])
        given, is_personal = asked.get(b"x-request-id", b"").decode("latin-1"), b"authorization" in asked
        own = given if _GIVEN_ID.fullmatch(given) else uuid4().hex
        token = request_id.set(own)
        started = time.perf_counter()
        status = 500

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = own
                headers["X-Content-Type-Options"] = "nosniff"
                for name, value in self.always:
                    headers[name] = value
                if is_personal or status == HTTPStatus.UNAUTHORIZED:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        finally:
            observe_request(scope, status, time.perf_counter() - started)
            request_id.reset(token)


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
    """Reads the body of a request within its bound, and notes texts that no column can hold.

    JSON is UTF-8 here and nothing else: the parser behind would also guess UTF-16 and UTF-32, and take surrogates.
    The operations in `streamed` read their bodies themselves, each within a bound of its own. Who cannot read the
    problem document gets what `shown` makes of the refusal.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        streamed: Container[tuple[str, str]] = (),
        shown: Callable[[Request, Response], Response] = lambda _, refusal: refusal,
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.streamed = streamed
        self.shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["unstorable"] = _unstorable_in_address(scope)
        if (scope["method"], scope["path"]) in self.streamed:
            await self.app(scope, receive, send)
            return
        body = await self._read(scope, receive)
        if body is None:
            too_large = problem("BODY_TOO_LARGE", f"The body may have {self.max_bytes} bytes at most.")
            await self.shown(Request(scope), too_large)(scope, receive, send)
            return
        if body and (refusal := _refuse_encoding(body, Headers(scope=scope).get("content-type", ""))):
            await refusal(scope, receive, send)
            return
        if not state["unstorable"] and _unstorable_in_json(body):
            state["unstorable"] = "body"
        await self.app(scope, _replay(body, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        if declares_more_than(self.max_bytes, scope):
            return None
        body: bytes = b""
        while True:
            message = await receive()
            body += bytes(message.get("body", b""))
            if len(body) > self.max_bytes:
                return None
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return body


def declares_more_than(max_bytes: int, scope: Scope) -> bool:
    """Whether the `Content-Length` alone says that the body is too large."""
    declared = Headers(scope=scope).get("content-length", "0")
    return declared.isdecimal() and int(declared) > max_bytes


def _refuse_encoding(body: bytes, content_type: str) -> Response | None:
    """The answer to a JSON body that is not UTF-8 (400) or holds a bare NUL, a syntax error in UTF-8 (422)."""
    if "json" not in content_type.lower():
        return None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return framework_problem(400, "The body is not UTF-8.")
    if b"\0" in body:
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
