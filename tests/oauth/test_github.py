"""GitHub: the numeric id and the primary e-mail (contract, section 4.2)."""

from typing import Any

import pytest

from tests.oauth.provider import Answer, FakeProvider
from tests.oauth.support import Clock, accounts, identities, point, sign_in
from tests.support import Shop, assert_problem


def entry(email: Any, *, primary: Any = False, verified: Any = True) -> dict[str, Any]:
    return {"email": email, "primary": primary, "verified": verified, "visibility": None}


async def test_the_primary_address_of_the_list_not_the_public_one(shop: Shop):
    assert (await sign_in(shop.app, "github")).status_code == 200
    assert [account.email for account in await accounts(shop)] == ["reader@example.com"]


async def test_the_subject_is_the_numeric_id_so_a_renamed_user_is_the_same(shop: Shop, provider: FakeProvider):
    await sign_in(shop.app, "github")
    provider.user = {"id": 583231, "login": "renamed"}
    assert (await sign_in(shop.app, "github")).status_code == 200
    assert len(await accounts(shop)) == 1
    provider.user = {"id": 583232, "login": "octocat"}
    provider.emails = [entry("someone@example.com", primary=True)]
    assert (await sign_in(shop.app, "github")).status_code == 200
    assert [row[2] for row in await identities(shop)] == ["583231", "583232"]


@pytest.mark.parametrize(
    "emails",
    [
        [],
        {},
        "reader@example.com",
        ["reader@example.com"],
        [entry("reader@example.com")],
        [entry("reader@example.com", primary="yes")],
        [entry(None, primary=True)],
        [entry("no address", primary=True)],
        [entry(["a@example.com"], primary=True)],
        [None, 5, entry("", primary=True)],
    ],
    ids=str,
)
async def test_no_primary_email(shop: Shop, provider: FakeProvider, emails: Any):
    provider.emails = emails
    assert_problem(await sign_in(shop.app, "github"), 401, "AUTH_OAUTH_NO_EMAIL")
    assert await accounts(shop) == []


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_a_primary_email_that_is_not_verified(shop: Shop, provider: FakeProvider, verified: Any):
    """The verified one beside it is not taken instead."""
    provider.emails = [entry("other@example.com"), entry("reader@example.com", primary=True, verified=verified)]
    assert_problem(await sign_in(shop.app, "github"), 401, "AUTH_OAUTH_EMAIL_UNVERIFIED")
    assert await accounts(shop) == []


@pytest.mark.parametrize("path", ["/api/user", "/api/user/emails"])
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_an_app_that_may_not_ask_gets_no_user_info(shop: Shop, provider: FakeProvider, path: str, status: int):
    provider.faults = {path: lambda: Answer({"message": "Resource not accessible by integration"}, status)}
    assert_problem(await sign_in(shop.app, "github"), 401, "AUTH_OAUTH_NO_EMAIL")


@pytest.mark.parametrize("path", ["/api/user", "/api/user/emails"])
@pytest.mark.parametrize("status", [302, 429, 500, 503])
async def test_an_api_out_of_reach(shop: Shop, provider: FakeProvider, path: str, status: int):
    provider.faults = {path: lambda: Answer({}, status)}
    assert_problem(await sign_in(shop.app, "github"), 401, "AUTH_OAUTH_FAILED")


@pytest.mark.parametrize("number", [None, "583231", 0, -1, 1.5, True, 2**64, [1]])
async def test_no_numeric_id(shop: Shop, provider: FakeProvider, number: Any):
    provider.user = {"id": number, "login": "octocat"}
    assert_problem(await sign_in(shop.app, "github"), 401, "AUTH_OAUTH_FAILED")
    assert await accounts(shop) == []


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "é", 5, None, "x" * 3000])
async def test_an_access_token_that_fits_in_no_header(shop: Shop, provider: FakeProvider, token: Any):
    provider.token_answer = {"access_token": token}
    assert_problem(await sign_in(shop.app, "github"), 401, "AUTH_OAUTH_FAILED")
    assert provider.count("/api/user") == 0


async def test_addresses_with_a_slash_at_their_end(shop: Shop, provider: FakeProvider, clock: Clock):
    point(shop.app, provider, clock, github_url=f"{provider.url}/", github_api_url=f"{provider.url}/api/")
    assert (await sign_in(shop.app, "github")).status_code == 200
    await shop.app.state.oauth.aclose()


async def test_the_same_number_at_google_is_another_identity(shop: Shop, provider: FakeProvider):
    provider.claims |= {"sub": "583231", "email": "another@example.com"}
    assert (await sign_in(shop.app, "google")).status_code == 200
    assert (await sign_in(shop.app, "github")).status_code == 200
    assert len(await accounts(shop)) == 2
