"""The security events of signing in with a provider."""

import pytest

from tests.accounts.security import Told, told
from tests.accounts.support import hashed
from tests.oauth.provider import FakeProvider
from tests.oauth.support import browser, depart, exchange, sign_in
from tests.support import Shop

EMAIL = "reader@example.com"


def refused(provider: str, reason: str, account: int | None = None) -> Told:
    return ("provider_refused", account, {"provider": provider, "reason": reason})


@pytest.mark.parametrize("name", ["google", "github"])
async def test_an_account_is_linked_and_signed_in_to(shop: Shop, provider: FakeProvider, name: str):
    person = await shop.person(email=EMAIL, hashed_password=hashed())
    for _ in range(2):
        assert (await sign_in(shop.app, name)).status_code == 200
    assert await told(shop) == [
        ("provider_linked", person.id, {"provider": name}),
        ("signed_in", person.id, {"way": name, "client": "app"}),
    ]
    assert await shop.scalar("SELECT max(times) FROM security_events") == 2


async def test_an_account_that_is_locked_out(shop: Shop, provider: FakeProvider):
    person = await shop.person(email=EMAIL, is_active=False)
    assert (await exchange(shop, provider.id_token())).json()["code"] == "AUTH_USER_INACTIVE"
    await shop.rows(
        "INSERT INTO oauth_accounts (user_id, oauth_provider, oauth_account_id) SELECT id, 'google', :s FROM users",
        s=provider.claims["sub"],
    )
    assert (await exchange(shop, provider.id_token())).json()["code"] == "AUTH_USER_INACTIVE"
    assert await told(shop) == [refused("google", "deactivated", person.id)]
    assert await shop.scalar("SELECT times FROM security_events") == 2


async def test_each_reason_why_a_provider_is_not_believed(shop: Shop, provider: FakeProvider):
    await exchange(shop, "forged")
    await exchange(shop, provider.id_token(email_verified=False))
    await exchange(shop, provider.id_token(email=None))
    async with browser(shop.app) as client:
        await depart(client, "github")
        await client.get("/auth/github/callback?code=x&state=forged")
    assert await told(shop) == [
        refused("google", "token_not_valid"),
        refused("google", "email_unverified"),
        refused("google", "no_email"),
        refused("github", "failed"),
    ]
