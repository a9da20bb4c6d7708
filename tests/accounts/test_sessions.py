"""POST /auth/refresh, /auth/logout, /auth/logout-all (contract, sections 2.5 and 4.1)."""

import pytest
from httpx2 import AsyncClient

from tests.accounts.support import bearer, reader, refresh, signed_in
from tests.support import Shop, assert_problem


async def test_a_refresh_answers_new_tokens_of_the_same_session(shop: Shop):
    first = await signed_in(shop, await reader(shop))
    answer = await refresh(shop.client, first["refresh_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["refresh_token"] != first["refresh_token"]
    assert (await shop.client.get("/auth/me", headers=bearer(answer.json()))).status_code == 200
    assert await shop.scalar("SELECT count(DISTINCT token_family) FROM refresh_tokens") == 1
    assert await shop.scalar("SELECT count(DISTINCT session_expires_at) FROM refresh_tokens") == 1
    assert await shop.scalar("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 1


@pytest.mark.parametrize("token", ["", "unknown", "x" * 5000, "é"])
async def test_unknown_tokens_are_refused(client: AsyncClient, token: str):
    answer = await refresh(client, token)
    assert_problem(answer, 401, "AUTH_REFRESH_INVALID")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_used_token_ends_the_whole_session_and_no_other(shop: Shop):
    person = await reader(shop)
    first, other = await signed_in(shop, person), await signed_in(shop, person)
    second = (await refresh(shop.client, first["refresh_token"])).json()
    assert_problem(await refresh(shop.client, first["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert_problem(await refresh(shop.client, second["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert (await refresh(shop.client, other["refresh_token"])).status_code == 200


async def test_the_revocation_after_reuse_is_committed(live: Shop):
    """Seen to fail with `keeps_changes` of TokenReuse taken out."""
    first = await signed_in(live, await reader(live))
    await refresh(live.client, first["refresh_token"])
    await refresh(live.client, first["refresh_token"])
    assert await live.scalar("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


async def test_an_expired_token_is_refused(shop: Shop):
    tokens = await signed_in(shop, await reader(shop))
    await shop.rows("UPDATE refresh_tokens SET expires_at = now()")
    assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_REFRESH_INVALID")


async def test_revoked_is_looked_at_before_expired(shop: Shop):
    tokens = await signed_in(shop, await reader(shop))
    await shop.rows("UPDATE refresh_tokens SET expires_at = now(), revoked_at = now()")
    assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_TOKEN_REUSE")


async def test_expired_is_looked_at_before_the_owner(shop: Shop):
    person = await reader(shop)
    tokens = await signed_in(shop, person)
    await shop.rows("UPDATE users SET is_active = false")
    assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_USER_INACTIVE")
    await shop.rows("UPDATE refresh_tokens SET expires_at = now()")
    assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_REFRESH_INVALID")


async def test_no_token_outlives_its_session(shop: Shop):
    tokens = await signed_in(shop, await reader(shop))
    assert await shop.scalar("SELECT extract(day FROM session_expires_at - now()) FROM refresh_tokens") == 30
    await shop.rows("UPDATE refresh_tokens SET session_expires_at = now() + interval '3 days'")
    await refresh(shop.client, tokens["refresh_token"])
    days = "SELECT extract(day FROM expires_at - now()) FROM refresh_tokens WHERE revoked_at IS NULL"
    assert await shop.scalar(days) == 3


async def test_a_session_shorter_than_a_token_bounds_the_first_one(shop: Shop):
    shop.app.state.settings = shop.app.state.settings.model_copy(update={"session_max_days": 2})
    await signed_in(shop, await reader(shop))
    assert await shop.scalar("SELECT extract(day FROM expires_at - now()) FROM refresh_tokens") == 2


async def test_a_refresh_takes_the_role_from_the_row(shop: Shop):
    person = await reader(shop)
    tokens = await signed_in(shop, person)
    await shop.rows("UPDATE users SET role = 'ADMIN'")
    again = (await refresh(shop.client, tokens["refresh_token"])).json()
    assert (await shop.client.get("/auth/me", headers=bearer(again))).json()["role"] == "admin"


async def test_logout_revokes_that_token_alone(shop: Shop):
    person = await reader(shop)
    first, second = await signed_in(shop, person), await signed_in(shop, person)
    answer = await shop.client.post("/auth/logout", json={"refresh_token": first["refresh_token"]})
    assert answer.status_code == 204
    assert answer.content == b""
    assert_problem(await refresh(shop.client, first["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert (await refresh(shop.client, second["refresh_token"])).status_code == 200


async def test_logout_is_204_for_unknown_and_revoked_tokens(shop: Shop):
    tokens = await signed_in(shop, await reader(shop))
    for token in ("unknown", tokens["refresh_token"], tokens["refresh_token"]):
        assert (await shop.client.post("/auth/logout", json={"refresh_token": token})).status_code == 204
    assert (await shop.client.post("/auth/logout", json={})).status_code == 422


async def test_logout_all_ends_every_session_of_the_caller_and_nobody_elses(shop: Shop):
    person, neighbour = await reader(shop), await reader(shop)
    first, second, theirs = [await signed_in(shop, who) for who in (person, person, neighbour)]
    assert (await shop.client.post("/auth/logout-all", headers=bearer(first))).status_code == 204
    for tokens in (first, second):
        assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert (await refresh(shop.client, theirs["refresh_token"])).status_code == 200
    assert (await shop.client.get("/auth/me", headers=bearer(first))).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/logout-all"), ("POST", "/auth/password"), ("GET", "/auth/me"), ("PATCH", "/auth/me"),
        ("POST", "/auth/verify-email/resend"),
    ],
)  # fmt: skip
async def test_what_is_the_users_own_needs_an_active_account(shop: Shop, method: str, path: str):
    """Before the body is looked at."""
    assert_problem(await shop.client.request(method, path), 401, "HTTP_401")
    inactive = await shop.person(is_active=False)
    answer = await shop.client.request(method, path, headers=inactive.headers)
    assert_problem(answer, 403, "AUTH_ACCOUNT_DEACTIVATED")
    assert answer.headers["cache-control"] == "no-store"
