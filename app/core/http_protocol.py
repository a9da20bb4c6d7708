"""One HTTP/1.1 connection of the server, within bounds that uvicorn does not set.

Nobody reads a request line, a header or a cookie before its size is known to be small (431). Whoever is slow with a
head or a body is refused (408); whoever is slow in taking an answer is cut off. When a process has as many
connections as it may have, the one that has kept it waiting longest makes room for the next. How many requests are at
work is bounded one layer further in, by `BodyLimitMiddleware`, which knows when a request has come in full.
"""

import asyncio
from enum import Enum, auto
from functools import partial
from typing import Any
from uuid import uuid4

import httptools
from fastapi import Response
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.core.errors import TryAgain
from app.core.http_limits import (
    HEADER_BYTES,
    HEADERS,
    HEADERS_BYTES,
    LINGER_SECONDS,
    PIPELINED,
    REQUEST_LINE_BYTES,
    Limits,
)
from app.core.middleware import NO_PAGE
from app.core.problems import domain_problem, framework_problem


class Waiting(Enum):
    """What the server wants to read next; whose connection is broken first when there are too many."""

    END = auto()
    """The last answer is written: what still comes is thrown away."""
    HEAD = auto()
    BODY = auto()
    NOTHING = auto()
    """The request is read and at work."""


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, bounded."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits or Limits()
        self.waiting = Waiting.HEAD
        self.since = self.loop.time()
        self._in_head = False
        self._head_bytes = 0
        self._unread_bytes = 0
        self._body_bytes = 0
        self._blocked_since: float | None = None
        self._refusal: Response | None = None
        self._timer: asyncio.TimerHandle | None = None

    # Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection if there is room, or can be made."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self._limits.tick_seconds, self._check_time)
        if len(self.connections) > self._limits.connections and not self._make_room():
            self._refuse(domain_problem(TryAgain()))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the application know, as uvicorn does."""
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def _make_room(self) -> bool:
        """Cut off who has kept us waiting longest, of the refused if there are any; whether there was anybody."""
        others = (other for other in self.connections if other is not self and isinstance(other, BoundedHttp))
        slow = [other for other in others if other.keeps_us_waiting]
        if not slow:
            return False
        min(slow, key=lambda other: (other.waiting.value, other.since)).transport.abort()
        return True

    @property
    def keeps_us_waiting(self) -> bool:
        """Whether nothing is done for this client before it sends more."""
        return not self.transport.is_closing() and (self.waiting is Waiting.BODY or not self._at_work)

    @property
    def _at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    # What is read

    def data_received(self, data: bytes) -> None:
        """Parse what came; of a head that is too large the parser hears no more than one such piece."""
        self._unset_keepalive_if_required()
        if self.waiting is Waiting.END:
            return
        try:
            self._unread_bytes += len(data)
            self.parser.feed_data(data)
            if self._unread_bytes > HEADER_BYTES:
                self._fail(_too_large())
        except httptools.HttpParserUpgrade:
            pass  # there are no other protocols here; the request is answered as if it had asked for none
        except httptools.HttpParserError:
            self._refuse(self._refusal or framework_problem(400, "This is no HTTP/1.1 request."))

    def _fail(self, refusal: Response) -> None:
        """Stop the parser; it wraps what its callbacks raise."""
        self._refusal = refusal
        raise httptools.HttpParserError

    def on_message_begin(self) -> None:
        """A request begins: its head has its full time."""
        if len(self.pipeline) >= PIPELINED:
            self._fail(framework_problem(400, "Too many requests at once on one connection."))
        self._wait_for(Waiting.HEAD)
        self._in_head = True
        self._head_bytes = self._unread_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request target."""
        super().on_url(url)
        if len(self.url) > REQUEST_LINE_BYTES:
            self._fail(_too_large())

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. Those behind a body (trailers) are dropped: nobody has judged them."""
        self._unread_bytes = 0
        self._head_bytes += len(name) + len(value)
        if len(value) > HEADER_BYTES or self._head_bytes > HEADERS_BYTES or len(self.headers) >= HEADERS:
            self._fail(_too_large())
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is read: a body follows, perhaps of no bytes."""
        self._wait_for(Waiting.BODY)
        self._in_head = False
        self._body_bytes = 0
        super().on_headers_complete()
        if not self.cycle.keep_alive:
            self.cycle.transport = _Lingering(self)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unread_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is read; whoever was answered before that may send the next one."""
        self._unread_bytes = 0
        self._wait_for(Waiting.NOTHING if self._at_work else Waiting.HEAD)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The request is answered."""
        was_last = not self.pipeline
        super().on_response_complete()
        if was_last and self.waiting is Waiting.NOTHING:
            self._wait_for(Waiting.HEAD)
        elif self.waiting is Waiting.BODY:
            self.since = self.loop.time()

    def _wait_for(self, what: Waiting) -> None:
        self.waiting = what
        self.since = self.loop.time()

    # Time

    def pause_writing(self) -> None:
        """The client takes its answer slower than it is made."""
        self._blocked_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has taken a good part."""
        self._blocked_since = None
        super().resume_writing()

    def _check_time(self) -> None:
        """Whether this client has had its time."""
        now = self.loop.time()
        self._timer = self.loop.call_later(self._limits.tick_seconds, self._check_time)
        if self._does_not_take(now):
            self.transport.abort()
        elif self.waiting is Waiting.END:
            self._check_end(now)
        elif self.waiting is Waiting.HEAD:
            self._check_head(now)
        elif self.waiting is Waiting.BODY:
            self._check_body(now)

    def _does_not_take(self, now: float) -> bool:
        if not self.transport.get_write_buffer_size():
            self._blocked_since = None
        elif self._blocked_since is None:
            self._blocked_since = now
        return self._blocked_since is not None and now - self._blocked_since > self._limits.send_seconds

    def _check_head(self, now: float) -> None:
        if self._at_work:  # the head of another request, sent ahead
            self.since = now
        elif now - self.since > self._limits.head_seconds:
            if self._in_head:
                self._refuse(framework_problem(408, "The request took too long to come."))
            else:
                self.transport.close()

    def _check_end(self, now: float) -> None:
        if self._at_work:  # an answer to an earlier request, which ends the connection
            self.since = now
        elif now - self.since > LINGER_SECONDS:
            self.transport.close()

    def _check_body(self, now: float) -> None:
        if not self._at_work:  # answered early: the rest of the body is read for a while, so that the answer is
            if now - self.since > LINGER_SECONDS:
                self.transport.close()
        elif self.flow.read_paused:  # the shop is the slow one
            self.since += self._limits.tick_seconds
        elif now - self.since > self._limits.body_seconds + self._body_bytes / self._limits.body_bytes_per_second:
            self._refuse(framework_problem(408, "The body of the request took too long to come."))

    # Refusals

    def _refuse(self, refusal: Response) -> None:
        """Answer, if the answer to another request does not stand in the way, and read no further requests."""
        sent_ahead = self._at_work and (self.waiting is not Waiting.BODY or bool(self.pipeline))
        own_body, started = self.waiting is Waiting.BODY, self._at_work and self.cycle.response_started
        self._wait_for(Waiting.END)
        self._unset_keepalive_if_required()
        if sent_ahead and own_body:
            self.transport.abort()
        elif sent_ahead:
            self.cycle.keep_alive = False
        elif started:
            self._tell_application()
            self.transport.close()
        else:
            self._tell_application()
            self._write(refusal)

    def _tell_application(self) -> None:
        """That it works for nobody any more."""
        if self._at_work:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _write(self, refusal: Response) -> None:
        head = [STATUS_LINE[refusal.status_code]]
        own = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": NO_PAGE, "X-Request-ID": uuid4().hex}
        refusal.headers.update(own | {"Connection": "close"})
        for name, value in (*self.server_state.default_headers, *refusal.raw_headers):
            head += [name, b": ", value, b"\r\n"]
        self.transport.write(b"".join(head) + b"\r\n" + bytes(refusal.body))
        self.finish()

    def finish(self) -> None:
        """Say no more, and hear a client out that is still sending: to break off now would lose it the answer."""
        if self.waiting is Waiting.NOTHING:
            self.transport.close()
            return
        self._wait_for(Waiting.END)
        self.flow.resume_reading()
        self.transport.write_eof()


class _Lingering:
    """The transport of an answer that ends its connection."""

    def __init__(self, protocol: BoundedHttp) -> None:
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing
        self.close = protocol.finish


def bounded(limits: Limits) -> type[asyncio.Protocol]:
    """What uvicorn takes for the class of its connections."""
    return partial(BoundedHttp, limits=limits)  # type: ignore[return-value]


def _too_large() -> Response:
    return framework_problem(431, "The head of the request is too large.")
