"""What is answered to somebody who says who they are is kept by no cache, refusals included; public answers may be."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from app.core.middleware import RequestContext
from tests.support import Shop

UNKNOWN = {"{book_id}": "2147483646", "{name}": "orders"}
WITH_TOKENS = {"auth", "oauth", "mail"}


def operations(app: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path with something in its parameters, and what the document says."""
    found = []
    for path, verbs in app.openapi()["paths"].items():
        for method, operation in verbs.items():
            names = [part for part in path.split("/") if part.startswith("{")]
            for name in names:
                path = path.replace(name, UNKNOWN.get(name, "2147483646"))  # noqa: PLW2901
            found.append((method.upper(), path, operation))
    return found


async def asked(client: AsyncClient, method: str, path: str, headers: dict[str, str]) -> list[Response]:
    """Without a body, and with one that is an object at least."""
    return [
        await client.request(method, path, headers=headers),
        await client.request(method, path, headers=headers, json={}),
    ]


@pytest.mark.parametrize("who", ["nobody", "a forger", "a reader", "staff"])
async def test_no_cache_keeps_answers_of_operations_that_ask_who_it_is(live: Shop, who: str):
    """Seen to fail with either half of the condition taken out."""
    headers = {
        "nobody": {},
        "a forger": {"Authorization": "Bearer forged"},
        "a reader": (await live.person()).headers,
        "staff": (await live.admin()).headers,
    }[who]
    asking = [(method, path) for method, path, operation in operations(live.app) if "security" in operation]
    assert len(asking) > 40
    statuses = set()
    for method, path in asking:
        for answer in await asked(live.client, method, path, headers):
            statuses.add(answer.status_code)
            assert answer.headers["cache-control"] == "no-store", (method, path, answer.status_code)
    assert {"nobody": {401}, "a forger": {401}}.get(who, {200, 404, 422}) <= statuses
    assert 500 not in statuses


async def test_public_answers_may_be_kept(shop: Shop):
    open_to_all = [
        (method, path)
        for method, path, operation in operations(shop.app)
        if "security" not in operation and method == "GET" and not WITH_TOKENS & set(operation["tags"])
    ]
    assert len(open_to_all) > 5
    for method, path in open_to_all:
        for answer in await asked(shop.client, method, path, {}):
            assert "no-store" not in answer.headers.get("cache-control", ""), (method, path)


async def test_what_an_answer_says_of_itself_stands():
    """Such as a picture, which is the same for all. Seen to fail with the header set whatever stood there."""
    kept = "public, max-age=31536000, immutable"

    async def picture(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", kept.encode())]})
        await send({"type": "http.response.body", "body": b""})

    sent: list[Any] = []

    async def note(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"authorization", b"Bearer x")]}
    await RequestContext(picture)(scope, None, note)  # type: ignore[arg-type]
    assert [value for name, value in sent[0]["headers"] if name == b"cache-control"] == [kept.encode()]
