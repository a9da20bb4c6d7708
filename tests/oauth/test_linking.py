"""Whose account an identity opens (contract, sections 4.2 and 5)."""

from typing import Any

import pytest
from httpx2 import Response

from tests.accounts.support import (
    NEW_PASSWORD,
    PASSWORD,
    from_address,
    hashed,
    log_in,
    mailed_token,
    mails,
    refresh,
    signed_in,
)
from tests.oauth.provider import FakeProvider
from tests.oauth.support import accounts, exchange, identities, sign_in
from tests.support import Person, Shop, assert_problem

EMAIL = "reader@example.com"
LABELS = {"google": "Google", "github": "GitHub"}


async def registered(shop: Shop, *, verified: bool, **columns: Any) -> Person:
    person = await shop.person(email=EMAIL, hashed_password=hashed(), **columns)
    if verified:
        await shop.rows("UPDATE users SET email_verified_at = now() - interval '1 day' WHERE id = :id", id=person.id)
    return person


async def enter(shop: Shop, provider: FakeProvider, way: str) -> Response:
    """Sign in by that way; `token` is the exchange of an id token."""
    return await (exchange(shop, provider.id_token()) if way == "token" else sign_in(shop.app, way))


WAYS = ["google", "github", "token"]


@pytest.mark.parametrize("way", WAYS)
async def test_an_account_with_that_address_is_linked(shop: Shop, provider: FakeProvider, way: str):
    person = await registered(shop, verified=True)
    answer = await enter(shop, provider, way)
    assert answer.status_code == 200
    assert [row[0] for row in await identities(shop)] == [person.id]
    assert [account.id for account in await accounts(shop)] == [person.id]
    me = await shop.client.get("/auth/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
    assert me.json()["id"] == person.id


async def test_the_address_is_compared_without_regard_to_case(shop: Shop, provider: FakeProvider):
    person = await registered(shop, verified=True)
    provider.claims["email"] = "READER@Example.com"
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert [row[0] for row in await identities(shop)] == [person.id]


async def test_its_refresh_tokens_are_revoked_and_the_new_session_lives(shop: Shop, provider: FakeProvider):
    """Seen to fail with `revoke_all` taken out, and with it put behind the new session."""
    person = await registered(shop, verified=True)
    before = [await signed_in(shop, person) for _ in range(2)]
    tokens = (await exchange(shop, provider.id_token())).json()
    for session in before:
        assert_problem(await refresh(shop.client, session["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert (await refresh(shop.client, tokens["refresh_token"])).status_code == 200


async def test_the_password_stays_where_the_address_was_verified(shop: Shop, provider: FakeProvider):
    person = await registered(shop, verified=True)
    proven = await shop.scalar("SELECT email_verified_at FROM users")
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert (await log_in(shop.client, person.email)).status_code == 200
    assert await shop.scalar("SELECT email_verified_at FROM users") == proven


async def test_the_password_goes_where_the_address_was_not(shop: Shop, provider: FakeProvider):
    """Whoever registered the address of another keeps nothing. Seen to fail with the password left alone."""
    person = await registered(shop, verified=False)
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert_problem(await log_in(shop.client, person.email), 400, "AUTH_OAUTH_ONLY_ACCOUNT")
    account = (await accounts(shop))[0]
    assert account.hashed_password is None
    assert account.email_verified_at is not None


async def test_a_squatter_registered_over_http_is_out(shop: Shop, provider: FakeProvider):
    registration = await shop.client.post("/auth/register", json={"email": EMAIL, "password": PASSWORD})
    squatter = registration.json()["refresh_token"]
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert_problem(await refresh(shop.client, squatter), 401, "AUTH_TOKEN_REUSE")
    assert_problem(await log_in(shop.client, EMAIL), 400, "AUTH_OAUTH_ONLY_ACCOUNT")


async def test_a_new_password_can_be_set_by_mail(shop: Shop, provider: FakeProvider):
    await registered(shop, verified=False)
    await exchange(shop, provider.id_token())
    await shop.client.post("/auth/password/forgot", json={"email": EMAIL})
    body = {"token": await mailed_token(shop, "password_reset"), "new_password": NEW_PASSWORD}
    assert (await shop.client.post("/auth/password/reset", json=body)).status_code == 204
    assert (await log_in(shop.client, EMAIL, NEW_PASSWORD)).status_code == 200
    assert (await exchange(shop, provider.id_token())).status_code == 200


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("verified", [True, False])
async def test_the_owner_is_told_by_mail(shop: Shop, provider: FakeProvider, way: str, verified: bool):
    await registered(shop, verified=verified)
    await enter(shop, provider, way)
    (mail,) = await mails(shop, "identity_linked")
    assert mail.recipient == EMAIL
    assert mail.subject == "New sign-in method on your Bookstore account"
    assert LABELS.get(way, "Google") in mail.text
    moment = await shop.scalar("SELECT created_at FROM oauth_accounts")
    assert f"{moment:%Y-%m-%d at %H:%M} UTC" in mail.text
    assert "change your password" in mail.text
    assert ("password was removed" in mail.text) is not verified
    assert await shop.scalar("SELECT count(*) FROM email_outbox") == 1


async def test_the_owner_is_told_in_the_shop_once(shop: Shop, provider: FakeProvider):
    await registered(shop, verified=True)
    for _ in range(2):
        token = (await exchange(shop, provider.id_token())).json()["access_token"]
    answer = await shop.client.get("/notifications", headers={"Authorization": f"Bearer {token}"})
    [notice] = answer.json()["items"]
    assert (notice["kind"], notice["title"]) == ("sign_in_linked", "You can now sign in with Google")
    assert notice["path"] == "/account"


async def test_linking_happens_once(shop: Shop, provider: FakeProvider):
    await registered(shop, verified=True)
    first = (await exchange(shop, provider.id_token())).json()["refresh_token"]
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert len(await mails(shop, "identity_linked")) == 1
    assert (await refresh(shop.client, first)).status_code == 200


async def test_a_second_provider_is_linked_to_the_account_of_the_first(shop: Shop):
    first = await sign_in(shop.app, "google")
    assert (await sign_in(shop.app, "github")).status_code == 200
    assert len(await accounts(shop)) == 1
    assert [row[1] for row in await identities(shop)] == ["google", "github"]
    (mail,) = await mails(shop, "identity_linked")
    assert "GitHub" in mail.text
    assert "password was removed" not in mail.text
    assert_problem(await refresh(shop.client, first.json()["refresh_token"]), 401, "AUTH_TOKEN_REUSE")


@pytest.mark.parametrize("active", [True, False])
async def test_a_known_identity_opens_its_account_whatever_its_email(
    shop: Shop, provider: FakeProvider, active: bool
):
    """Another account that has the new address now plays no part. Seen to fail (401) with the address looked up
    first, where that account is deactivated; where it is active, the unique key of identities suffices."""
    assert (await exchange(shop, provider.id_token())).status_code == 200
    other = await shop.person(email="moved@example.com", is_active=active)
    provider.claims["email"] = "moved@example.com"
    answer = await exchange(shop, provider.id_token())
    assert answer.status_code == 200
    me = await shop.client.get("/auth/me", headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
    assert me.json()["email"] == EMAIL
    assert me.json()["id"] != other.id
    assert len(await identities(shop)) == 1


async def test_two_people_at_google_never_share_an_account_by_subject(shop: Shop, provider: FakeProvider):
    await exchange(shop, provider.id_token())
    assert (await exchange(shop, provider.id_token(sub="2", email="second@example.com"))).status_code == 200
    assert len({row[0] for row in await identities(shop)}) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_linked_to_an_inactive_account(shop: Shop, provider: FakeProvider, way: str):
    """Seen to fail with the check taken out of `_linked`."""
    person = await registered(shop, verified=False, is_active=False)
    assert_problem(await enter(shop, provider, way), 401, "AUTH_USER_INACTIVE")
    assert await identities(shop) == []
    assert await mails(shop, "identity_linked") == []
    account = (await accounts(shop))[0]
    assert (account.id, account.hashed_password, account.email_verified_at) == (person.id, hashed(), None)
    assert await shop.scalar("SELECT count(*) FROM refresh_tokens") == 0


@pytest.mark.parametrize("way", WAYS)
async def test_a_known_identity_of_an_inactive_account(shop: Shop, provider: FakeProvider, way: str):
    await enter(shop, provider, way)
    await shop.rows("UPDATE users SET is_active = false")
    sessions = await shop.scalar("SELECT count(*) FROM refresh_tokens")
    assert_problem(await enter(shop, provider, way), 401, "AUTH_USER_INACTIVE")
    assert await shop.scalar("SELECT count(*) FROM refresh_tokens") == sessions


async def test_the_provider_s_word_on_the_address_comes_before_the_account(shop: Shop, provider: FakeProvider):
    """Also for a known identity, and for an inactive account."""
    await exchange(shop, provider.id_token())
    await shop.rows("UPDATE users SET is_active = false")
    unverified = await exchange(shop, provider.id_token(email_verified=False))
    assert_problem(unverified, 401, "AUTH_OAUTH_EMAIL_UNVERIFIED")
    assert_problem(await exchange(shop, provider.id_token(email=None)), 401, "AUTH_OAUTH_NO_EMAIL")


async def test_staff_stay_staff(shop: Shop, provider: FakeProvider):
    admin = await shop.admin()
    answer = await exchange(shop, provider.id_token(email=admin.email))
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await shop.client.get("/admin/orders", headers=headers)).status_code == 200


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("verified", "places"), [(True, 2), (False, 1)])
async def test_the_place_is_known_and_others_only_where_the_address_was_verified(
    shop: Shop, provider: FakeProvider, way: str, verified: bool, places: int
):
    """Whoever registered may have been anybody. Seen to fail with `forget` taken out of `_linked`."""
    person = await registered(shop, verified=verified)
    async with from_address(shop.app, "192.0.2.1") as elsewhere:
        assert (await log_in(elsewhere, person.email)).status_code == 200
    assert (await enter(shop, provider, way)).status_code == 200
    assert await shop.scalar("SELECT count(*) FROM sign_in_places WHERE kind = 'network'") == places
