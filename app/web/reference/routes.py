"""The OpenAPI document for programs, and as a page for people: made once, in a thread, and kept."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from app.web.page import PageContext, render_for_all
from app.web.reference.document import Described, Subject, described, prose, subjects
from app.web.route import HEADERS

CACHING = {"Cache-Control": "public, no-cache", "Vary": "Accept-Encoding"}
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "img-src 'self'; style-src 'self'"
)
PAGE_HEADERS = HEADERS | {"Content-Security-Policy": POLICY}


@dataclass(frozen=True, slots=True)
class ReferencePage(PageContext):
    """Every operation of the shop, what it takes and what it answers."""

    template: ClassVar[str] = "reference.html"
    version: str
    text: str
    subjects: list[Subject]
    schemas: list[Described]


@dataclass(frozen=True, slots=True)
class _Made:
    content: bytes
    packed: bytes
    tag: str


class Published:
    """A text that is the same for all and for as long as the shop runs.

    It is made when it is first asked for, which takes about a second, beside the requests that go on.
    """

    def __init__(self, make: Callable[[], bytes], media_type: str, headers: Mapping[str, str]) -> None:
        self._make = make
        self._media_type = media_type
        self._headers = CACHING | dict(headers)
        self._lock = asyncio.Lock()
        self._made: _Made | None = None

    async def answer(self, request: Request) -> Response:
        """The text, unless the client has it."""
        made = self._made or await self._once()
        headers = self._headers | {"ETag": made.tag}
        if made.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(made.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=self._media_type)
        return Response(made.content, headers=headers, media_type=self._media_type)

    async def _once(self) -> _Made:
        async with self._lock:
            if self._made is None:
                self._made = await asyncio.to_thread(self._now)
        return self._made

    def _now(self) -> _Made:
        content = self._make()
        return _Made(content, gzip.compress(content), f'W/"{hashlib.sha256(content).hexdigest()[:20]}"')


def install(app: FastAPI, *, with_page: bool) -> None:
    """Serve the document, and the page where it is wanted; `/redoc` is another name for it."""
    document = Published(lambda: _for_programs(app), "application/json", {})
    app.router.routes.append(Route("/openapi.json", document.answer))
    if with_page:
        page = Published(lambda: _for_people(app), "text/html", PAGE_HEADERS)
        app.router.routes += [Route("/docs", page.answer), Route("/redoc", page.answer)]


def _for_programs(app: FastAPI) -> bytes:
    return json.dumps(app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()


def _for_people(app: FastAPI) -> bytes:
    document: dict[str, Any] = app.openapi()
    info = document["info"]
    page = ReferencePage(info["version"], prose(info["description"]), subjects(document), described(document))
    return render_for_all(page).encode()
