"""What surrounds every request: its id, its count, the cookies it may bring, and the last net."""

import logging
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import InternalError, invalid_input
from app.core.logging import request_id
from app.core.metrics import observe_request
from app.core.problems import domain_problem

log = logging.getLogger(__name__)

NO_PAGE = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of all that is no page: whoever has a browser show it, nothing is run or framed."""

NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
_HUNG_UP = 499  # what nginx calls it; counted, never sent
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContext:
    """Counts every answer and gives it an `X-Request-ID`, `nosniff`, what stands in `always`, and a policy.

    Pages have a policy of their own. Quoted cookies are not let in. What is answered to somebody who says who they
    are, or who should have, is nobody else's: no cache keeps it, unless the answer itself says otherwise.
    """

    def __init__(self, app: ASGIApp, always: Mapping[str, str] | None = None) -> None:
        self.app = app
        marks = NO_SNIFFING | dict(always or {})
        self.always = [(name.lower().encode(), value.encode()) for name, value in marks.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["headers"] = [_plain(header) for header in scope["headers"]]
        asked = dict(scope["headers"])
        given = asked.get(b"x-request-id", b"").decode("latin-1")
        is_personal = b"authorization" in asked or b"x-cart-token" in asked
        own = given if _GIVEN_ID.fullmatch(given) else uuid4().hex
        token = request_id.set(own)
        started = time.perf_counter()
        status, answered = 500, False

        async def send_marked(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                answered, status = True, message["status"]
                headers = dict(message["headers"])
                marks = [(b"x-request-id", own.encode()), *self.always]
                if not headers.get(b"content-type", b"").startswith(b"text/html"):
                    marks += _unless(headers, b"content-security-policy", NO_PAGE.encode())
                if is_personal or status == HTTPStatus.UNAUTHORIZED:
                    marks += _unless(headers, b"cache-control", b"no-store")
                message["headers"] = [*message["headers"], *marks]
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
            status = status if answered else _HUNG_UP
        finally:
            observe_request(scope, status, time.perf_counter() - started)
            request_id.reset(token)


def _unless(given: Mapping[bytes, bytes], name: bytes, value: bytes) -> list[tuple[bytes, bytes]]:
    return [] if name in given else [(name, value)]


def _plain(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """The header; of cookies those alone that stand without quotes, as all of ours do.

    Python 3.11 and 3.12.1 take time that grows with the square of a quoted value to read it (`http.cookies`).
    """
    name, value = header
    if name != b"cookie" or b'"' not in value:
        return header
    return name, b";".join(pair for pair in value.split(b";") if b'"' not in pair)


class ServerErrorMiddleware:
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
            await domain_problem(InternalError())(scope, receive, send)


async def storable_text(request: Request) -> None:
    """Dependency of every operation, behind authentication: refuse what BodyLimitMiddleware noted.

    Raises:
        InvalidRequest: U+0000 or a lone surrogate stands in path, query or body.
    """
    if place := request.state.unstorable:
        raise invalid_input(place, message="must not contain U+0000 or a lone surrogate", kind="string_unicode")
