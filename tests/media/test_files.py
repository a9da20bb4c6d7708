"""GET /uploads/{file} (contract, section 4.14)."""

import os
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from tests.media.support import encoded, quarters, upload
from tests.support import Person, Shop, assert_problem

STEM = "0123456789abcdef" * 2


@pytest.fixture
async def url(shop: Shop, admin: Person) -> str:
    return (await upload(shop, admin, encoded(quarters()))).json()["url"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_image_is_served_with_what_caches_need(client: AsyncClient, url: str, uploads: Path, method: str):
    path = uploads / url.removeprefix("/uploads/")
    answer = await client.request(method, url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["content-length"] == str(path.stat().st_size)
    assert answer.headers["etag"] == f'"{path.stem}"'
    assert answer.headers["last-modified"] == formatdate(path.stat().st_mtime, usegmt=True)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert answer.content == (path.read_bytes() if method == "GET" else b"")


async def test_each_size_has_an_etag_of_its_own(shop: Shop, admin: Person):
    sizes = (await upload(shop, admin, encoded(quarters()))).json()["sizes"].values()
    assert len({(await shop.client.get(path)).headers["etag"] for path in sizes}) == 3


@pytest.mark.parametrize(("extension", "kind"), [("jpg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp")])
async def test_the_type_goes_by_the_extension(client: AsyncClient, uploads: Path, extension: str, kind: str):
    (uploads / f"{STEM}.{extension}").write_bytes(b"<script>alert(1)</script>")
    answer = await client.get(f"/uploads/{STEM}.{extension}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


def conditions(first: Response) -> dict[str, tuple[dict[str, str], int | None]]:
    tag, moment = first.headers["etag"], first.headers["last-modified"]
    past = formatdate(0, usegmt=True)
    return {
        "same tag": ({"If-None-Match": tag}, 304),
        "weak tag": ({"If-None-Match": f"W/{tag}"}, 304),
        "any tag": ({"If-None-Match": "*"}, 304),
        "one of several": ({"If-None-Match": f'"x", {tag}'}, 304),
        "other tag": ({"If-None-Match": '"x"'}, 200),
        "same moment": ({"If-Modified-Since": moment}, 304),
        "long ago": ({"If-Modified-Since": past}, 200),
        "the tag decides": ({"If-None-Match": '"x"', "If-Modified-Since": moment}, 200),
        "the tag decides, too": ({"If-None-Match": tag, "If-Modified-Since": past}, 304),
        "no date": ({"If-Modified-Since": "yesterday"}, 200),
        "strange date": ({"If-Modified-Since": "Mon, 01 Jan 0001 00:00:00 -2400"}, 200),
        "strange zone": ({"If-Modified-Since": "Mon, 01 Jan 0001 00:00:00"}, 200),
        "late date": ({"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 -2300"}, None),
    }


async def test_what_the_caller_has_is_not_sent_again(client: AsyncClient, url: str):
    first = await client.get(url)
    for name, (headers, status) in conditions(first).items():
        answer = await client.get(url, headers=headers)
        assert answer.status_code in ({status} if status else {200, 304}), name
        assert answer.headers["etag"] == first.headers["etag"]
        assert answer.headers["cache-control"] == first.headers["cache-control"]
        assert bool(answer.content) == (answer.status_code == 200)


@pytest.mark.parametrize(
    "path",
    [
        f"{STEM}.webp",
        f"{STEM}-160.webp",
        f"{STEM}.svg",
        f"{STEM}.webp.html",
        f"{STEM}-200.webp",
        STEM,
        f"{STEM.upper()}.webp",
        f"{STEM}.webp%0a",
        f"{STEM[:-1]}.webp",
        f"x{STEM}.webp",
        "images",
        ".",
        "%2e%2e",
        "..%2f..%2fsecret_key",
        "..%5c..%5csecret_key",
        "%2fetc%2fpasswd",
        "%252e%252e%252fsecret_key",
        ".lock",
        "a/b",
        f"..%2fuploads%2f{STEM}.webp",
        "%ef%bc%8e%ef%bc%8e",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_missing_or_oddly_named_file_is_404(client: AsyncClient, url: str, path: str, method: str):
    answer = await client.request(method, f"/uploads/{path}")
    assert answer.status_code == 404
    if method == "GET":
        assert_problem(answer, 404, "HTTP_404")


async def test_tricks_in_the_path_reach_nothing(app: FastAPI, uploads: Path, url: str):
    """Straight to the application, for clients tidy such paths up before they send them."""
    (uploads.parent / "secret_key").write_text("secret")
    for path in ("/uploads/../secret_key", "/uploads//etc/passwd", "/uploads/./x", f"/uploads/../uploads{url[8:]}"):
        assert await status_of(app, path) == 404


async def status_of(app: FastAPI, path: str) -> int:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"shop.example")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return sent[0]["status"]


async def test_nul_in_the_path_is_422_as_everywhere(client: AsyncClient, url: str):
    assert_problem(await client.get(f"{url}%00"), 422, "VALIDATION_ERROR")


async def test_links_folders_and_pipes_are_not_served(client: AsyncClient, uploads: Path, url: str):
    """Seen to fail without O_NOFOLLOW and without the look at the kind of file."""
    secret = uploads.parent / "secret_key"
    secret.write_text("secret")
    (uploads / f"{STEM}.webp").symlink_to(secret)
    (uploads / f"{STEM}.jpg").mkdir()
    os.mkfifo(uploads / f"{STEM}.png")
    for extension in ("webp", "jpg", "png"):
        assert_problem(await client.get(f"/uploads/{STEM}.{extension}"), 404, "HTTP_404")


async def test_other_methods_are_405(client: AsyncClient, url: str):
    answer = await client.delete(url)
    assert_problem(answer, 405, "HTTP_405")
    assert answer.headers["allow"] == "GET, HEAD"
    answer = await client.delete("/uploads/images")
    assert answer.headers["allow"] == "POST"
