"""The client does not choose the codec in which the shop reads its form."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx2 import AsyncClient

from app.core.config import Settings
from app.main import create_app
from app.web.route import PageRoute
from tests.hostile.support import ask, others, request, say, status
from tests.processes.support import Premises
from tests.support import Shop

CODECS = ["punycode", "idna", "undefined", "unicode_escape", "utf-7", "utf-16", "latin-1", "rot13", "nonesuch"]
MEGABYTE = 1_000_000
PART = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--x--\r\n'


def form_routes(app: FastAPI) -> set[str]:
    """The paths of all operations that read a form; parameters become 1."""
    forms = set()
    for route in app.router.routes:
        if not isinstance(route, APIRoute) or not {"POST", "PUT", "PATCH", "DELETE"} & set(route.methods or ()):
            continue
        content = (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
        body = route.body_field.field_info if route.body_field else None
        if (
            isinstance(route, PageRoute)
            or "multipart/form-data" in content
            or "form" in getattr(body, "media_type", "")
        ):
            forms.add(re.sub(r"\{[^}]+\}", "1", route.path))
    return forms


ROUTES = sorted(form_routes(create_app(Settings(env="test"))))


def test_the_walk_knows_forms_of_every_kind():
    assert {"/basket/add", "/account/sign-in", "/mail/unsubscribe", "/staff/books/import", "/uploads/images"} <= set(
        ROUTES
    )
    assert len(ROUTES) > 40


@pytest.mark.parametrize("path", ROUTES)
async def test_a_form_in_another_charset_is_refused(client: AsyncClient, path: str):
    """Seen to fail without the judgement of the content type in BodyLimitMiddleware."""
    for codec in CODECS:
        for kind in (
            f"multipart/form-data; boundary=x; charset={codec}",
            f"application/x-www-form-urlencoded;charset={codec}",
        ):
            answer = await client.post(path, content=PART % (b"a", b"b"), headers={"Content-Type": kind})
            assert answer.status_code == 415, (path, kind, answer.text)


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/form-data; boundary=x; charset="punycode"',
        "multipart/form-data; boundary=x; charset=utf-8; charset=punycode",
        "Multipart/Form-Data; Boundary=x; Charset=PUNYCODE",
        "multipart/form-data ; boundary=x ; charset = punycode",
        "multipart/form-data; boundary=x; charset=puny_code",
    ],
)
async def test_however_the_charset_is_dressed(client: AsyncClient, kind: str):
    answer = await client.post("/basket/add", content=PART % (b"a", b"b"), headers={"Content-Type": kind})
    assert answer.status_code in {403, 415}
    assert answer.status_code == 415 or "punycode" not in kind.lower().replace(" ", "").partition("charset=")[2][:9]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"'])
async def test_utf_8_may_be_named(client: AsyncClient, charset: str):
    kind = f"application/x-www-form-urlencoded; charset={charset}"
    answer = await client.post(
        "/mail/unsubscribe", content=b"List-Unsubscribe=One-Click", headers={"Content-Type": kind}
    )
    assert answer.status_code == 400  # read, and its link is none of ours


async def test_a_form_that_is_not_utf_8_is_refused(client: AsyncClient):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await client.post("/account/sign-in", content=PART % (b"email", b"\xff\xfe"), headers=kind)
    assert answer.status_code == 400


async def test_a_browser_is_told_on_a_page(client: AsyncClient):
    headers = {"Content-Type": "multipart/form-data; boundary=x; charset=idna", "Accept": "text/html"}
    answer = await client.post("/account/sign-in", content=PART % (b"a", b"b"), headers=headers)
    assert answer.status_code == 415
    assert "The shop cannot read this" in answer.text
    assert answer.headers["content-security-policy"]


async def test_a_slow_codec_does_not_hold_up_the_shop(premises: Premises):
    """A megabyte in punycode took 97 seconds; `/health` waits no longer than beside a megabyte in UTF-8."""
    client = premises.shop.client
    body = PART % (b"book_id", b"a" * MEGABYTE + b"-" + b"9" * 1000)

    async def post(charset: str) -> int:
        kind = f"multipart/form-data; boundary=x{charset}"
        return status(await say(client, request("POST", "/basket/add", body, Content_Type=kind)))

    await ask(client)
    async with others(client) as beside_plain:
        assert await post("") in {403, 413}
    async with others(client) as beside_hostile:
        for codec in CODECS:
            assert await post(f"; charset={codec}") == 415
    assert beside_hostile.longest < 10 * max(beside_plain.longest, 0.05)


@pytest.mark.parametrize(
    "foreign",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"X-CSRF-Token": "forged"}],
    ids=lambda headers: next(iter(headers)),
)
async def test_a_foreign_form_is_refused_before_its_body_is_read(
    premises: Premises, shop: Shop, foreign: dict[str, str]
):
    """The body never comes, and the answer is there all the same. Seen to fail without `refuse_unread`."""
    head = request("POST", "/account/sign-in", b"", Content_Type="application/x-www-form-urlencoded", **foreign)
    sent = head.replace(b"\r\n\r\n", b"\r\nContent-Length: 1000\r\n\r\n")
    assert status(await say(premises.shop.client, sent)) == 403
