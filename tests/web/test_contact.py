"""Whom to tell of a fault: `/.well-known/security.txt` as RFC 9116 has it."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from app.core.config import ConfigurationError, Settings, load_settings
from app.main import create_app

PATH = "/.well-known/security.txt"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("security@books.example", "mailto:security@books.example"),
        ("https://books.example/report", "https://books.example/report"),
        (" a@books.example  tel:+1-201-555-0123 ", "mailto:a@books.example tel:+1-201-555-0123"),
        ("", None),
    ],
)
def test_a_contact_is_an_address(monkeypatch: pytest.MonkeyPatch, given: str, kept: str | None):
    monkeypatch.setenv("SECURITY_CONTACT", given)
    assert load_settings().security_contact == kept


@pytest.mark.parametrize(
    "given", ["Ann", "http://books.example", "javascript:1", "https://bücher.example", "a@b.example https://x/\x01"]
)
def test_what_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, given: str):
    monkeypatch.setenv("SECURITY_CONTACT", given)
    with pytest.raises(ConfigurationError, match="SECURITY_CONTACT"):
        load_settings()


async def test_the_shop_says_whom_to_tell(app: FastAPI, client: AsyncClient):
    """The base of the tests is no https address, so none is called the canonical one."""
    app.state.settings = app.state.settings.model_copy(
        update={"security_contact": "mailto:a@x.example https://x.example"}
    )
    answer = await client.get(PATH)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    *contacts, expires = answer.text.splitlines()
    assert contacts == ["Contact: mailto:a@x.example", "Contact: https://x.example"]
    until = datetime.fromisoformat(expires.removeprefix("Expires: "))
    assert timedelta(days=170) < until - datetime.now(UTC) < timedelta(days=365)


async def test_it_names_its_own_address_and_needs_no_database(settings: Settings):
    given = {"security_contact": "mailto:a@x.example", "public_base_url": "https://x.example"}
    transport = ASGITransport(create_app(settings.model_copy(update=given)))
    async with AsyncClient(transport=transport, base_url="https://x.example") as client:
        assert "\nCanonical: https://x.example/.well-known/security.txt\n" in (await client.get(PATH)).text


async def test_without_a_contact_there_is_nothing(client: AsyncClient):
    assert (await client.get(PATH)).status_code == 404
