"""A shop that is open to all, as the operator starts it: what it refuses to start with, and what all its answers say."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.command import RunningShop, bookstore, serving
from tests.processes.support import own_database

GOOD = {
    "ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(48),
    "PUBLIC_BASE_URL": "https://books.example",
    "ALLOW_MOCK_PAYMENTS": "true",
    "LOG_LEVEL": "WARNING",
}


@pytest.fixture(scope="module")
async def shop(
    server_url: str, template_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningShop]:
    """`bookstore serve` in production, before the proxy that brings https."""
    folder = tmp_path_factory.mktemp("production")
    given = GOOD | {"BOOKSTORE_DATA": str(folder)}
    async with own_database(server_url) as url:
        with serving(folder / "log", "--no-worker", **given, DATABASE_URL=url) as running:
            yield running


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_all_that_is_wrong_is_one_sentence_each(tmp_path: Path, command: str):
    """Nothing is started. Seen to fail (the shop starts) without the checks."""
    wrong = {
        "SECRET_KEY": "a" * 40,
        "PUBLIC_BASE_URL": "http://books.example",
        "TRUSTED_PROXIES": "*",
        "ALLOWED_ORIGINS": '["http://books.example"]',
        "ALLOW_MOCK_PAYMENTS": "false",
    }
    run = bookstore(command, **(GOOD | wrong | {"BOOKSTORE_DATA": str(tmp_path / "var")}))
    assert run.returncode == 1
    assert run.stderr.startswith("bookstore: SECRET_KEY can be guessed: python3 -c ")
    for words in (
        "PUBLIC_BASE_URL: must start with https:// in production",
        "TRUSTED_PROXIES: must name the proxies",
        "ALLOWED_ORIGINS: must be https:// origins",
        "PAYMENT_PROVIDER is mock, which takes no money and sends the books all the same",
    ):
        assert f"; {words}" in run.stderr
    assert "aaaa" not in run.stderr + run.stdout
    assert len(run.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "var").exists()


def test_every_answer_says_https_only(shop: RunningShop):
    for path in ("/", "/books", "/cart", "/nowhere", "/books/", "/openapi.json", "/account/sign-in"):
        assert shop.get(path).headers["strict-transport-security"] == "max-age=63072000", path


def test_every_cookie_is_bound_to_the_host(shop: RunningShop):
    for host in ("books.example", "localhost", "127.0.0.1", "evil.example"):
        answer = shop.get("/account/sign-in", headers={"Host": host})
        cookies = answer.headers.get_list("set-cookie")
        assert cookies
        for cookie in cookies:
            assert cookie.startswith("__Host-")
            assert "; Path=/" in cookie
            assert "; Secure" in cookie
            assert "Domain" not in cookie


def test_there_is_no_page_about_the_api_but_its_document(shop: RunningShop):
    assert [shop.get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]
    assert shop.get("/openapi.json").json()["info"]["title"] == "Bookstore"
    assert "/openapi.json" in shop.log.read_text()


def test_what_may_be_meant_so_is_in_the_log(shop: RunningShop):
    log = shop.log.read_text()
    assert "payments are simulated: PAYMENT_PROVIDER is mock" in log
    assert "mails are not sent: SMTP_HOST is not set" in log
