"""GET /auth/{provider}/callback: state, code exchange and what can go wrong on the way (contract, section 4.2)."""

import time
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest
from httpx2 import AsyncClient

from app.accounts.oauth.flow import Flow, _serializer, seal, unseal
from app.core.keys import Keys
from tests.accounts.support import refresh
from tests.oauth.provider import Answer, FakeProvider
from tests.oauth.support import (
    BASE,
    NAMES,
    TOKEN_PATHS,
    accounts,
    assert_failed,
    browser,
    consent,
    depart,
    identities,
    nobody_signed_in,
    parameters,
    sign_in,
    way_back,
)
from tests.support import Shop, assert_problem

SUBJECTS = {"google": "108234", "github": "583231"}


@pytest.mark.parametrize("name", NAMES)
async def test_the_whole_way(shop: Shop, name: str):
    answer = await sign_in(shop.app, name)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert set(tokens) == {"access_token", "refresh_token", "token_type"}
    assert tokens["token_type"] == "bearer"
    assert answer.headers["cache-control"] == "no-store"
    me = await shop.client.get("/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.status_code == 200
    account = me.json()
    assert account["email"] == "reader@example.com"
    assert account["display_name"] == f"Reader {account['id']}"
    assert account["email_verified"] is True
    assert account["role"] == "user"
    assert await identities(shop) == [(account["id"], name, SUBJECTS[name])]
    assert (await refresh(shop.client, tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("name", NAMES)
async def test_a_new_account_has_no_password_and_gets_no_mail(shop: Shop, name: str):
    await sign_in(shop.app, name)
    assert await shop.scalar("SELECT hashed_password FROM users") is None
    assert await shop.scalar("SELECT count(*) FROM email_outbox") == 0
    answer = await shop.client.post("/auth/login", json={"email": "reader@example.com", "password": "anything"})
    assert_problem(answer, 400, "AUTH_OAUTH_ONLY_ACCOUNT")


@pytest.mark.parametrize("name", NAMES)
async def test_a_repeated_sign_in_is_the_same_account_with_another_session(shop: Shop, name: str):
    answers = [await sign_in(shop.app, name) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(await accounts(shop)) == len(await identities(shop)) == 1
    assert await shop.scalar("SELECT count(DISTINCT token_family) FROM refresh_tokens WHERE revoked_at IS NULL") == 2
    assert await shop.scalar("SELECT count(*) FROM email_outbox") == 0


@pytest.mark.parametrize("name", NAMES)
async def test_the_provider_checks_verifier_secret_and_redirect_uri(shop: Shop, provider: FakeProvider, name: str):
    await sign_in(shop.app, name)
    form = next(call.form for call in provider.calls if call.path == TOKEN_PATHS[name])
    assert form["redirect_uri"] == f"{BASE}/auth/{name}/callback"
    assert len(form["code_verifier"]) >= 43
    assert form["grant_type"] == "authorization_code"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("changes", ["state=forged", "state=", "", "state=%C3%A9"])
async def test_a_state_that_is_missing_or_forged(shop: Shop, provider: FakeProvider, name: str, changes: str):
    async with browser(shop.app) as client:
        code = parameters(await way_back(client, name))["code"]
        assert_failed(await client.get(f"/auth/{name}/callback?code={code}&{changes}"))
    assert provider.count(TOKEN_PATHS[name]) == 0
    assert await nobody_signed_in(shop)


@pytest.mark.parametrize("name", NAMES)
async def test_the_state_without_its_cookie(shop: Shop, name: str):
    async with browser(shop.app) as client, browser(shop.app) as victim:
        back = await way_back(client, name)
        assert_failed(await victim.get(back))
        await depart(victim, name)
        assert_failed(await victim.get(back))
    assert await nobody_signed_in(shop)


@pytest.mark.parametrize("cookie", ["", "x", "a.b", "é.b", ".eJw.x", "x" * 5000])
async def test_a_forged_cookie(shop: Shop, cookie: str):
    async with browser(shop.app) as client:
        back = await way_back(client, "google")
        client.cookies.clear()
        headers = [(b"cookie", f"session={cookie}".encode())]
        assert_failed(await client.get(back, headers=headers))


async def test_a_cookie_that_another_key_signed(shop: Shop):
    async with browser(shop.app) as client:
        back = await way_back(client, "google")
        flow = unseal(shop.app.state.keys.provider_sign_in, "google", client.cookies["session"])
        assert flow
        client.cookies.clear()
        forged = seal(Keys.of("not the key of the shop, but as long as it").provider_sign_in, "google", flow)
        assert_failed(await client.get(back, headers={"Cookie": f"session={forged}"}))


@pytest.mark.parametrize(
    "said",
    [None, "x", [], ["s"], ["s", "v", "n"], ["s", "v", "n", "x"], [1, 2, 3, 4], ["s", "v", "n", 10**400], {"a": 1}],
)
async def test_a_cookie_of_ours_in_another_shape(shop: Shop, said: Any):
    async with browser(shop.app) as client:
        await depart(client, "google")
        client.cookies.clear()
        sealed = _serializer(shop.app.state.keys.provider_sign_in, "google").dumps(said)
        for path in ("/auth/google/callback", "/account/google/callback"):
            answer = await client.get(f"{path}?state=s&code=c", headers={"Cookie": f"session={sealed}"})
            assert answer.status_code == (303 if "account" in path else 401)


@pytest.mark.parametrize("name", NAMES)
async def test_the_cookie_is_cleared_whatever_the_outcome(shop: Shop, provider: FakeProvider, name: str):
    async with browser(shop.app) as client:
        for broken in (False, True):
            provider.faults = {TOKEN_PATHS[name]: lambda: Answer({}, 500)} if broken else {}
            answer = await client.get(await way_back(client, name))
            assert answer.status_code == (401 if broken else 200)
            cookie = SimpleCookie(answer.headers["set-cookie"])["session"]
            assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", f"/auth/{name}/callback")
            assert "session" not in client.cookies


@pytest.mark.parametrize("name", NAMES)
async def test_a_state_is_good_once_even_for_a_browser_that_kept_the_cookie(
    shop: Shop, provider: FakeProvider, name: str
):
    """A second code of the same departure would be good at the provider. Seen to fail with `spend` taken out."""
    async with browser(shop.app) as client:
        address = await depart(client, name)
        kept = {"Cookie": f"session={client.cookies['session']}"}
        answers = [await client.get(await consent(address), headers=kept) for _ in range(2)]
    assert answers[0].status_code == 200
    assert_failed(answers[1])
    assert provider.count(TOKEN_PATHS[name]) == 1


async def test_going_back_in_the_browser_fails(shop: Shop):
    async with browser(shop.app) as client:
        back = await way_back(client, "google")
        assert (await client.get(back)).status_code == 200
        assert_failed(await client.get(back))


async def test_a_state_is_used_up_by_a_failure_too(shop: Shop, provider: FakeProvider):
    async with browser(shop.app) as client:
        back = await way_back(client, "google")
        kept = {"Cookie": f"session={client.cookies['session']}"}
        provider.faults = {"/token": lambda: Answer({}, 503)}
        assert_failed(await client.get(back, headers=kept))
        provider.faults = {}
        assert_failed(await client.get(back, headers=kept))


async def test_the_state_of_the_other_provider(shop: Shop, provider: FakeProvider):
    """Seen to fail (200) with one salt for all providers."""
    async with browser(shop.app) as client:
        back = await way_back(client, "google")
        cookie = {"Cookie": f"session={client.cookies['session']}"}
        query = urlsplit(back).query
        assert_failed(await client.get(f"/auth/github/callback?{query}", headers=cookie))
    assert provider.count(TOKEN_PATHS["github"]) == 0


async def test_both_providers_can_be_begun_at_once(shop: Shop):
    async with browser(shop.app) as client:
        backs = [await way_back(client, name) for name in NAMES]
        assert [(await client.get(back)).status_code for back in backs] == [200, 200]


@pytest.mark.parametrize(("age", "good"), [(0, True), (590, True), (601, False)])
async def test_a_sign_in_must_end_within_ten_minutes(shop: Shop, age: int, good: bool):
    async with browser(shop.app) as client:
        back = await way_back(client, "google")
        key = shop.app.state.keys.provider_sign_in
        flow = unseal(key, "google", client.cookies["session"])
        assert flow
        older = seal(key, "google", replace(flow, started=int(time.time()) - age))
        answer = await client.get(back, headers={"Cookie": f"session={older}"})
    assert answer.status_code == (200 if good else 401)


@pytest.mark.parametrize("name", NAMES)
async def test_the_provider_says_no(shop: Shop, name: str, caplog: pytest.LogCaptureFixture):
    async with browser(shop.app) as client:
        state = parameters(await depart(client, name))["state"]
        answer = await client.get(f"/auth/{name}/callback?error=access_denied%0AINFO%20forged&state={state}")
    assert_failed(answer)
    assert "access_denied" in caplog.text
    assert "\nINFO forged" not in caplog.text


@pytest.mark.parametrize("name", NAMES)
async def test_an_error_wins_over_a_code(shop: Shop, provider: FakeProvider, name: str):
    async with browser(shop.app) as client:
        assert_failed(await client.get(await way_back(client, name) + "&error=access_denied"))
    assert provider.count(TOKEN_PATHS[name]) == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("query", ["", "&code=", "&code=unknown", "&code=a%26client_id%3Dx", "&code=%0d%0aX:y"])
async def test_no_code_or_a_wrong_one(shop: Shop, name: str, query: str):
    async with browser(shop.app) as client:
        state = parameters(await depart(client, name))["state"]
        assert_failed(await client.get(f"/auth/{name}/callback?state={state}{query}"))
    assert await nobody_signed_in(shop)


@pytest.mark.parametrize("name", NAMES)
async def test_a_code_of_another_browser(shop: Shop, name: str):
    """Login forced upon a victim: the code of the attacker with the state and cookie of the victim. PKCE stops it."""
    async with browser(shop.app) as attacker, browser(shop.app) as victim:
        code = parameters(await way_back(attacker, name))["code"]
        state = parameters(await depart(victim, name))["state"]
        assert_failed(await victim.get(f"/auth/{name}/callback?state={state}&code={code}"))


def test_secrets_stay_out_of_reprs():
    flow = Flow.begin()
    for secret in (flow.state, flow.verifier, flow.nonce):
        assert secret not in repr(flow)


async def test_the_answer_to_a_stranger_names_no_cause(shop: Shop, client: AsyncClient):
    details = set()
    for query in ("", "?state=x&code=y", "?error=server_error"):
        details.add((await client.get(f"/auth/google/callback{query}")).json()["detail"])
    assert len(details) == 1
