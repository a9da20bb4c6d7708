"""One key for each purpose, and SECRET_KEY changed while the shop goes on."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI, Request
from httpx2 import ASGITransport, AsyncClient
from itsdangerous import URLSafeSerializer
from pydantic import SecretStr

from app.accounts.models import UserRole
from app.accounts.oauth.flow import Flow, seal, unseal
from app.accounts.tokens import issue_access_token
from app.core.config import ConfigurationError, Settings, load_settings
from app.core.keys import Keys
from app.main import create_app
from app.web import cookies
from app.web.covers.links import drawn_path
from tests.support import Shop
from tests.web.browser import forms

OLD, NEW, OTHER = "the secret of last year, long enough", "the secret of this year, long enough", "x" * 40
MOMENT = "2026-11-22T08:45:00.857583+00:00"
Open = Callable[..., FastAPI]


@pytest.fixture
def opened(settings: Settings, app: FastAPI) -> Open:
    """The shop on the database of the test, with these secrets."""

    def open_with(secret: str, previous: str | None = None) -> FastAPI:
        secrets = {"secret_key": SecretStr(secret), "secret_key_previous": previous and SecretStr(previous)}
        shop = create_app(settings.model_copy(update=secrets))
        shop.state.database = app.state.database
        return shop

    return open_with


def client_of(app: FastAPI, **carried: str) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url="http://localhost", cookies=carried)


def test_no_two_purposes_share_a_key():
    keys = asdict(Keys.of(NEW, OLD))
    signing = {name: ring["accepted"][0] for name, ring in keys.items()}
    assert len(set(signing.values())) == len(signing)
    assert {name for name, key in signing.items() if key == NEW.encode()} == {"access_tokens"}
    assert all(len(key) == 32 for name, key in signing.items() if name != "access_tokens")


def test_keys_stay_what_they_are_from_release_to_release():
    """Other keys would sign every visitor out of their basket, and void the links in mails."""
    assert Keys.of(NEW).cursors.signing == hmac.digest(NEW.encode(), b"bookstore key for cursors", "sha256")


def test_a_key_is_shown_nowhere():
    assert OLD not in repr(Keys.of(OLD))
    assert Keys.of(OLD).cookies.signing.hex()[:8] not in repr(Keys.of(OLD))


async def test_access_tokens_live_on(opened: Open, shop: Shop):
    person = await shop.person()
    before, after, without = opened(OLD), opened(NEW, OLD), opened(NEW)

    async def knows(app: FastAPI, token: str) -> bool:
        async with client_of(app) as client:
            answer = await client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in {200, 401}
        return answer.status_code == 200

    old, new = (Shop(app, shop.client).token(person.id) for app in (before, after))
    assert [await knows(app, old) for app in (before, after, without)] == [True, True, False]
    assert [await knows(app, new) for app in (before, after, without)] == [False, True, True]


@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_an_expired_token_of_either_key_is_expired_not_forged(opened: Open, shop: Shop, secret: str):
    person = await shop.person()
    role, session = UserRole.USER, uuid4()
    token = issue_access_token(secret, user_id=person.id, role=role, session_id=session, lifetime_minutes=-1)
    async with client_of(opened(NEW, OLD)) as client:
        answer = await client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["code"] == "AUTH_TOKEN_EXPIRED"


async def test_a_guest_keeps_basket_and_form(opened: Open, shop: Shop):
    """A form that stood open while the key was changed is still good, once sent; the answer brings new cookies."""
    book = await shop.book(title="Mort")
    async with client_of(opened(OLD)) as client:
        page = await client.get(f"/shop/books/{book}")
        fields = next(form.fields for form in forms(page.text) if form.action == "/basket/add")
        assert (await client.post("/basket/add", data=fields)).status_code == 303
        carried = dict(client.cookies)
    async with client_of(opened(NEW, OLD), **carried) as client:
        assert "Mort" in (await client.get("/basket")).text
        assert (await client.post("/basket/add", data=fields)).status_code == 303
        renewed = client.cookies.jar
        anew = [
            cookie.value
            for cookie in renewed
            if cookie.name == cookies.GUEST and cookie.value != carried[cookies.GUEST]
        ]
    async with client_of(opened(NEW), **carried) as client:
        assert "Mort" not in (await client.get("/basket")).text
        assert (await client.post("/basket/add", data=fields)).status_code == 403
    async with client_of(opened(NEW), **{cookies.GUEST: str(anew[-1])}) as client:
        assert "Mort" in (await client.get("/basket")).text


async def test_links_covers_cursors_and_sign_ins_under_way(opened: Open):
    before, after, without = opened(OLD), opened(NEW, OLD), opened(NEW)
    flow = Flow.begin()
    made = {app: _made(app, flow) for app in (before, after, without)}
    assert made[after] == made[without]
    for app, maker, good in (
        (before, after, False),
        (after, before, True),
        (without, before, False),
        (after, after, True),
    ):
        assert [await check(app, made[maker]) for check in CHECKS] == [good] * len(CHECKS)


async def test_what_the_release_before_signed_with_the_secret_itself_is_still_good(opened: Open, shop: Shop):
    """Mails lie in boxes for years, and guests' cookies live for one. No other purpose takes such a signature."""
    app = opened(NEW, OLD)
    for secret in (OLD, NEW):
        raw = URLSafeSerializer(
            secret,
            salt="bookstore.mail.unsubscribe",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        ).dumps([7, "restock"])
        assert app.state.outbox.unsubscribe_links.read(raw) == (7, "restock")
        guest = URLSafeSerializer(secret, salt=cookies.GUEST).dumps({"id": "0" * 32, "basket": [], "seen": []})
        request = _request(app, cookie=f"{cookies.GUEST}={guest}")
        assert cookies.read_signed(request, cookies.GUEST) is not None
        form = hmac.new(secret.encode(), b"form:anchor", hashlib.sha256).hexdigest()
        assert cookies.is_form_token(request, "anchor", form)
    assert app.state.outbox.unsubscribe_links.read(raw.swapcase()) is None
    assert not cookies.is_form_token(request, "another anchor", form)


def test_the_previous_secret_must_be_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("BOOKSTORE_DATA", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY_PREVIOUS", "short")
    with pytest.raises(ConfigurationError, match="SECRET_KEY_PREVIOUS must have at least 32 bytes"):
        load_settings()
    monkeypatch.setenv("SECRET_KEY_PREVIOUS", OLD)
    keys = load_settings().keys()
    assert keys.access_tokens.accepted[1:] == (OLD.encode(),)
    assert OLD not in repr(load_settings())
    monkeypatch.setenv("SECRET_KEY", OLD)
    assert load_settings().keys() == Keys.of(OLD)


def _request(app: FastAPI, cookie: str = "") -> Request:
    return Request({"type": "http", "app": app, "headers": [(b"cookie", cookie.encode())]})


def _made(app: FastAPI, flow: Flow) -> dict[str, str]:
    """One of each, made with nothing left to chance."""
    return {
        "link": app.state.outbox.unsubscribe_links.url(7, "restock").partition("=")[2],
        "cover": drawn_path(app.state.keys.covers.signing, "Mort", "Terry Pratchett"),
        "cursor": app.state.cursors.behind_row("orders", datetime.fromisoformat(MOMENT), 7),
        "flow": seal(app.state.keys.provider_sign_in, "google", flow),
    }


async def _link_is_good(app: FastAPI, made: dict[str, str]) -> bool:
    return app.state.outbox.unsubscribe_links.read(made["link"]) == (7, "restock")


async def _cover_is_good(app: FastAPI, made: dict[str, str]) -> bool:
    async with client_of(app) as client:
        return (await client.get(made["cover"])).status_code == 200


async def _cursor_is_good(app: FastAPI, made: dict[str, str]) -> bool:
    try:
        return bool(app.state.cursors.position("orders", made["cursor"]))
    except Exception:  # noqa: BLE001 - whatever it is, it is not read
        return False


async def _flow_is_good(app: FastAPI, made: dict[str, str]) -> bool:
    return unseal(app.state.keys.provider_sign_in, "google", made["flow"]) is not None


CHECKS = (_link_is_good, _cover_is_good, _cursor_is_good, _flow_is_good)
