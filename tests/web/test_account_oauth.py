"""Signing in with a provider on pages."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.sessions import Tokens
from app.web.account.deps import entrance_on
from app.web.account.establishing import Entrance
from tests.oauth.provider import FakeProvider, provider_running
from tests.oauth.support import BASE, Clock, consent, identities, parameters, point
from tests.web.browser import Browser, session_token

NAMES = ["google", "github"]


@pytest.fixture(scope="module")
def running() -> Iterator[FakeProvider]:
    with provider_running() as provider:
        yield provider


@pytest.fixture
async def oauth(browser: Browser, running: FakeProvider) -> AsyncIterator[Browser]:
    """A browser at the address the shop is known under, in a shop with both providers."""
    point(browser.shop.app, running, Clock())
    browser.client.base_url = BASE
    yield browser
    await browser.shop.app.state.oauth.aclose()


async def depart(browser: Browser, name: str, goal: str = "/account") -> str:
    answer = await browser.client.get(f"/account/{name}", params={"next": goal})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def come_back(browser: Browser, address: str) -> Response:
    browser.page = await browser.client.get(address, follow_redirects=True)
    return browser.page


async def test_the_forms_offer_what_is_configured(browser: Browser, running: FakeProvider):
    for path in ("/account/sign-in", "/account/register"):
        await browser.open(path)
        assert "Go on with" not in browser.text
    point(browser.shop.app, running, Clock(), google_client_id=None)
    for path in ("/account/sign-in", "/account/register"):
        await browser.open(f"{path}?next=/basket")
        assert "Go on with GitHub" in browser.text
        assert "Google" not in browser.text
        assert 'href="/account/github?next=/basket"' in browser.page.text


@pytest.mark.parametrize("name", NAMES)
async def test_the_whole_way(oauth: Browser, name: str):
    book = await oauth.shop.book()
    await oauth.open("/")
    token = oauth.page.text.split('data-csrf="')[1].split('"')[0]
    await oauth.client.post("/basket/add", data={"csrf": token, "book_id": book, "quantity": 2})
    address = await depart(oauth, name, "/basket")
    assert parameters(address)["redirect_uri"] == f"{BASE}/account/{name}/callback"
    await come_back(oauth, await consent(address))
    assert oauth.page.url.path == "/basket"
    assert "You are signed in." in oauth.text
    assert "data-basket-count >2<" in oauth.page.text
    assert len(await identities(oauth.shop)) == 1
    known = await oauth.shop.rows("SELECT kind FROM sign_in_places ORDER BY kind")
    assert [row.kind for row in known] == ["browser", "network"]
    assert "__Host-bookstore_browser" in oauth.client.cookies
    assert (await oauth.open("/account")).status_code == 200
    assert "reader@example.com" in oauth.text
    token = oauth.client.cookies["__Host-bookstore_session"]
    refreshed = await oauth.client.post("/auth/refresh", json={"refresh_token": token})
    assert refreshed.json()["code"] == "AUTH_REFRESH_INVALID"


@pytest.mark.parametrize("name", NAMES)
async def test_the_cookie_of_the_way_is_for_the_callback_alone_and_taken_back(oauth: Browser, name: str):
    away = await oauth.client.get(f"/account/{name}")
    (cookie,) = [c for c in away.headers.get_list("set-cookie") if c.startswith("session=")]
    assert f"Path=/account/{name}/callback" in cookie
    assert "HttpOnly" in cookie
    answer = await oauth.client.get(await consent(away.headers["location"]))
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith("session=")]
    assert "Max-Age=0" in cookie
    assert "session" not in oauth.client.cookies
    assert "__Host-bookstore_goal" not in oauth.client.cookies


@pytest.mark.parametrize("name", NAMES)
async def test_who_says_no_is_back_at_the_form_with_a_sentence(oauth: Browser, name: str):
    address = await depart(oauth, name, "/basket")
    state = parameters(address)["state"]
    await come_back(oauth, f"/account/{name}/callback?error=access_denied&state={state}")
    assert oauth.page.url.path == "/account/sign-in"
    assert oauth.page.url.params["next"] == "/basket"
    assert "did not succeed. Please start it again." in oauth.text
    assert "__Host-bookstore_session" not in oauth.client.cookies


async def test_a_way_back_is_good_once(oauth: Browser):
    back = await consent(await depart(oauth, "google"))
    await come_back(oauth, back)
    oauth.client.cookies.clear()
    await come_back(oauth, back)
    assert "did not succeed" in oauth.text


async def test_a_way_back_of_the_api_is_none_of_a_page(oauth: Browser):
    away = await oauth.client.get("/auth/google")
    back = (await consent(away.headers["location"])).replace("/auth/", "/account/")
    await come_back(oauth, back)
    assert "did not succeed" in oauth.text
    assert not await identities(oauth.shop)


async def test_a_deactivated_account_stays_closed(oauth: Browser):
    await oauth.shop.person(email="reader@example.com", is_active=False)
    await come_back(oauth, await consent(await depart(oauth, "google")))
    assert oauth.page.url.path == "/account/sign-in"
    assert "This account is not active. Contact support." in oauth.text
    assert "__Host-bookstore_session" not in oauth.client.cookies


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example"])
async def test_the_way_never_leads_to_another_site(oauth: Browser, elsewhere: str):
    await come_back(oauth, await consent(await depart(oauth, "google", elsewhere)))
    assert oauth.page.url.host == "books.example.com"
    assert oauth.page.url.path == "/account"


async def test_a_forged_goal_is_none(oauth: Browser):
    back = await consent(await depart(oauth, "google", "/basket"))
    oauth.client.cookies.set("__Host-bookstore_goal", '"/shop".forged', domain="books.example.com")
    await come_back(oauth, back)
    assert oauth.page.url.path == "/account"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_no_other_site_signs_a_reader_in_by_a_link(oauth: Browser, site: str):
    """Seen to fail without the look at `Sec-Fetch-Site`."""
    headers = {"Sec-Fetch-Site": site}
    answer = await oauth.client.get("/account/google?next=/basket", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sign-in?next=%2Fbasket")
    for own in ("same-origin", "none"):
        answer = await oauth.client.get("/account/google", headers={"Sec-Fetch-Site": own})
        assert answer.status_code == 302


async def test_who_is_signed_in_does_not_leave(oauth: Browser):
    session = await session_token(oauth.shop, await oauth.shop.person())
    oauth.client.cookies.set("__Host-bookstore_session", session, domain="books.example.com")
    answer = await oauth.client.get("/account/google?next=/basket")
    assert (answer.status_code, answer.headers["location"]) == (303, "/basket")


@pytest.mark.parametrize("name", NAMES)
async def test_a_provider_that_is_not_configured_is_no_page(browser: Browser, name: str):
    assert (await browser.open(f"/account/{name}")).status_code == 404
    await browser.open(f"/account/{name}/callback?code=x&state=y")
    assert browser.page.url.path == "/account/sign-in"
    assert "does not offer sign-in with this provider" in browser.text


async def test_the_way_has_its_limit(oauth: Browser):
    state = oauth.shop.app.state
    state.settings = state.settings.model_copy(update={"rate_limit_enabled": True, "rate_limit_auth_per_minute": 1})
    await depart(oauth, "google")
    assert (await oauth.open("/account/google")).status_code == 429
    for said in ("did not succeed", "Too many attempts."):
        await come_back(oauth, "/account/google/callback?code=x&state=y")
        assert said in oauth.text


async def test_a_deadlock_behind_the_way_back_does_not_ask_the_provider_twice(
    oauth: Browser, running: FakeProvider, monkeypatch: pytest.MonkeyPatch
):
    """Seen to fail with the basket handed over in the transaction of the request: its code is redeemed once."""
    tries = 0

    def deadlocked_once(session: AsyncSession, *given: Any) -> Entrance:
        entrance = entrance_on(session, *given)
        move_in = entrance.move_in

        async def in_vain_at_first(tokens: Tokens) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                await session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))
            await move_in(tokens)

        monkeypatch.setattr(entrance, "move_in", in_vain_at_first)
        return entrance

    monkeypatch.setattr("app.web.account.providers.entrance_on", deadlocked_once)
    await come_back(oauth, await consent(await depart(oauth, "google")))
    assert oauth.page.url.path == "/account"
    assert tries == 2
