"""The page about the API, and the document that programs read."""

import asyncio
import gzip
import io
import json
import re
import threading
from html.parser import HTMLParser
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from rich.console import Console
from starlette.requests import Request

from app.cli.serving import announce
from app.core.config import Settings
from app.main import create_app
from app.web.reference.kinds import example, kind, notes
from app.web.reference.routes import Published
from tests.web.test_not_found import BROWSER


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.found if attribute in attributes]


async def test_every_operation_and_every_schema_has_its_place(app: FastAPI, client: AsyncClient):
    page = (await client.get("/docs")).text
    elements = Elements(page)
    anchors = elements.all("id")
    assert len(anchors) == len(set(anchors))
    assert [link for link in elements.all("href") if link[0] == "#" and link[1:] not in anchors] == []
    document = app.openapi()
    operations = [
        (method.upper(), path, operation)
        for path, verbs in document["paths"].items()
        for method, operation in verbs.items()
    ]
    assert page.count('class="card operation"') == len(operations) > 60
    for method, path, operation in operations:
        assert re.search(f">{method}</span> <a [^>]+><code>{re.escape(path)}</code>", page), (method, path)
        assert f"<strong>{operation['summary']}</strong>".replace("'", "&#39;") in page
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= set(anchors)
    for code in ("DUPLICATE_REVIEW", "ORDER_TOTAL_CHANGED", "AUTH_FORBIDDEN"):
        assert f"<code>{code}</code>" in page


async def test_the_page_runs_nothing_and_asks_no_other_host(client: AsyncClient):
    """Seen to fail with a style in an element, and with the policy of pages that have scripts."""
    answer = await client.get("/docs")
    elements = Elements(answer.text)
    assert {"script", "style", "iframe", "form"} & {tag for tag, _ in elements.found} == set()
    assert [
        name for _, attributes in elements.found for name in attributes if name[:2] == "on" or name == "style"
    ] == []
    addresses = [*elements.all("href"), *elements.all("src")]
    assert len(addresses) > 100
    assert [address for address in addresses if address[0] not in "/#" or address.startswith("//")] == []
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "img-src": "'self'",
        "style-src": "'self'",
    }
    for path in addresses:
        if path.startswith("/assets/"):
            assert (await client.get(path)).status_code == 200


async def test_both_addresses_show_the_same(client: AsyncClient):
    assert (await client.get("/redoc")).text == (await client.get("/docs")).text


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc"])
async def test_a_client_that_has_it_gets_it_no_more(client: AsyncClient, path: str):
    first = await client.get(path)
    assert first.headers["cache-control"] == "public, no-cache"
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(path, headers={"If-None-Match": 'W/"0123"'})
    assert (other.status_code, other.content) == (200, first.content)
    head = await client.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


async def test_it_is_compressed_for_those_who_can_read_that(client: AsyncClient):
    plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert int(packed.headers["content-length"]) < len(plain.content) / 8
    assert packed.json() == plain.json()


async def test_the_document_is_that_of_the_application(app: FastAPI, client: AsyncClient):
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(app.openapi()))


async def test_it_is_made_once_and_beside_the_requests_that_go_on():
    """Seen to fail (20, and the loop's own thread) without the lock, and without the thread."""
    made: list[threading.Thread] = []

    def make() -> bytes:
        made.append(threading.current_thread())
        return b"text"

    published = Published(make, "text/plain", {})
    request = Request({"type": "http", "headers": [(b"accept-encoding", b"gzip")]})
    answers = await asyncio.gather(*(published.answer(request) for _ in range(20)))
    assert {gzip.decompress(bytes(answer.body)) for answer in answers} == {b"text"}
    assert len(made) == 1
    assert made[0] is not threading.main_thread()


@pytest.mark.parametrize(
    ("changed", "on"),
    [
        ({}, True),
        ({"env": "development"}, True),
        ({"env": "production"}, False),
        ({"env": "production", "api_docs": True}, True),
        ({"api_docs": False}, False),
    ],
)
async def test_the_page_is_off_in_production_unless_asked_for(settings: Settings, changed: dict[str, Any], on: bool):
    """The document stays: programs make clients of it. The greeting tells what is there."""
    given = settings.model_copy(update={"public_base_url": "https://books.example"} | changed)
    async with AsyncClient(transport=ASGITransport(create_app(given)), base_url="https://books.example") as client:
        assert [(await client.get(path)).status_code for path in ("/docs", "/redoc")] == [200 if on else 404] * 2
        assert (await client.get("/openapi.json")).status_code == 200
    said = io.StringIO()
    announce(Console(file=said), "127.0.0.1", 8000, None, with_docs=given.api_docs_on)
    assert ("http://localhost:8000/docs" in said.getvalue()) is on
    assert ("http://localhost:8000/openapi.json" in said.getvalue()) is not on


async def test_a_browser_that_looks_for_the_page_where_it_is_off_gets_one_that_says_so(
    settings: Settings, app: FastAPI
):
    without = create_app(settings.model_copy(update={"api_docs": False}))
    without.state.database = app.state.database
    async with AsyncClient(transport=ASGITransport(without), base_url="http://localhost") as client:
        answer = await client.get("/docs", headers=BROWSER)
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_schemas_in_words():
    assert kind({"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Book"}}, {"type": "null"}]}) == (
        'list of <a href="#schema-Book">Book</a> or null'
    )
    assert kind({"enum": ["<b>", True]}) == "<code>&lt;b&gt;</code> <code>true</code>"
    assert kind({"type": "object", "additionalProperties": {"type": "string", "format": "date"}}) == (
        "object of string (date)"
    )
    assert kind({}) == "any value"
    assert notes({"anyOf": [{"type": "integer", "minimum": 1.0, "maximum": 2**31 - 1}], "default": False}) == (
        "from 1; default false"
    )


def test_examples_of_schemas_that_hold_themselves_end():
    components = {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "examples": ["root"]},
                "next": {"$ref": "#/components/schemas/Node"},
                "more": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
            },
        }
    }
    assert example({"$ref": "#/components/schemas/Node"}, components) == {
        "name": "root",
        "next": None,
        "more": [None],
    }
