"""What a request says of its host, its origin and its way is never believed where it matters."""

import pytest
from httpx2 import AsyncClient

from tests.support import Shop

EVIL = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "host=evil.example",
    "X-Forwarded-Proto": "https",
}


async def test_mailed_links_never_lead_to_the_host_of_the_request(shop: Shop):
    person = await shop.person()
    await shop.client.post("/auth/password/forgot", json={"email": person.email}, headers=EVIL)
    mail = await shop.rows("SELECT html, text FROM email_outbox")
    assert mail
    assert "http://localhost:8000/account/reset?token=" in mail[0].html
    assert "evil.example" not in mail[0].html + mail[0].text


@pytest.mark.parametrize("path", ["/", "/shop", "/sitemap.xml", "/robots.txt", "/feed.xml", "/openapi.json"])
async def test_no_page_names_the_host_of_the_request(client: AsyncClient, path: str):
    answer = await client.get(path, headers=EVIL)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text


@pytest.mark.parametrize("path", ["/books/", "//evil.example/", "/\\evil.example/", "/%2f%2fevil.example/"])
async def test_no_redirect_leaves_the_shop(client: AsyncClient, path: str):
    answer = await client.get(f"http://shop.example{path}", headers={"Host": "evil.example"})
    location = answer.headers.get("location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


async def test_other_origins_are_allowed_nothing(client: AsyncClient):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = await client.options("/orders/checkout", headers=asked)
    assert "access-control-allow-origin" not in preflight.headers
    simple = await client.get("/books", headers={"Origin": "https://evil.example"})
    assert simple.headers.get("access-control-allow-origin") is None
    known = await client.get("/books", headers={"Origin": "http://localhost:3000"})
    assert known.headers["access-control-allow-origin"] == "http://localhost:3000"


async def test_the_session_of_a_browser_opens_no_api_operation(client: AsyncClient, shop: Shop):
    """So a foreign page cannot make a browser call the API in its reader's name."""
    client.cookies.set("bookstore_session", "whatever", domain="shop.example")
    assert (await client.get("/orders")).status_code == 401
