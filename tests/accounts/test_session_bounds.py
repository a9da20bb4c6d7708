"""An account has so many sessions, and a session so many refreshes: the setting says."""

from app.admin.housekeeping import sweep
from tests.accounts.support import reader, refresh, signed_in
from tests.support import Shop, assert_problem

OPEN = "SELECT count(DISTINCT token_family) FROM refresh_tokens WHERE revoked_at IS NULL AND expires_at > now()"


async def test_the_session_that_would_end_first_makes_room(shop: Shop):
    """Seen to fail without `make_room`: four were open."""
    shop.bound(max_sessions_per_account=3)
    person, other = await reader(shop), await reader(shop)
    others = await signed_in(shop, other)
    first, second, third = [await signed_in(shop, person) for _ in range(3)]
    in_turn = "UPDATE refresh_tokens SET expires_at = now() + interval '1 hour' * (id - (SELECT min(id) FROM refresh_tokens) + 1)"
    await shop.rows(in_turn)
    first = (await refresh(shop.client, first["refresh_token"])).json()
    fourth = await signed_in(shop, person)
    assert await shop.scalar(OPEN) == 4
    assert_problem(await refresh(shop.client, second["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    for tokens in (first, third, fourth, others):
        assert (await refresh(shop.client, tokens["refresh_token"])).status_code == 200


async def test_the_new_session_is_not_the_one_that_ends(shop: Shop):
    """Sessions may live shorter than they did: those opened before would all end later."""
    shop.bound(max_sessions_per_account=2)
    person = await reader(shop)
    for _ in range(2):
        await signed_in(shop, person)
    await shop.rows("UPDATE refresh_tokens SET expires_at = now() + interval '90 days'")
    newest = await signed_in(shop, person)
    assert (await refresh(shop.client, newest["refresh_token"])).status_code == 200
    assert await shop.scalar(OPEN) == 2


async def test_many_sessions_from_before_shrink_to_the_bound_at_once(shop: Shop):
    person = await reader(shop)
    await shop.rows(
        "INSERT INTO refresh_tokens (token_hash, token_family, user_id, expires_at, session_expires_at)"
        " SELECT 'old' || n, gen_random_uuid(), :id, now() + interval '1 day', now() + interval '1 day'"
        " FROM generate_series(1, 500) n",
        id=person.id,
    )
    shop.bound(max_sessions_per_account=50)
    await signed_in(shop, person)
    assert await shop.scalar(OPEN) == 50


async def test_a_session_that_is_refreshed_without_end_ends(live: Shop):
    """And that is committed. Seen to fail without the count of siblings, and without `keeps_changes`."""
    live.bound(max_refreshes_per_session=3)
    person = await reader(live)
    tokens, other = await signed_in(live, person), await signed_in(live, person)
    for _ in range(3):
        answer = await refresh(live.client, tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()
    answer = await refresh(live.client, tokens["refresh_token"])
    assert "too often" in assert_problem(answer, 401, "AUTH_REFRESH_INVALID")["detail"]
    assert_problem(await refresh(live.client, tokens["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert (await refresh(live.client, other["refresh_token"])).status_code == 200


async def test_refreshes_that_have_expired_do_not_count_once_they_are_swept(live: Shop):
    live.bound(max_refreshes_per_session=2)
    tokens = await signed_in(live, await reader(live))
    for _ in range(2):
        tokens = (await refresh(live.client, tokens["refresh_token"])).json()
    await live.rows("UPDATE refresh_tokens SET expires_at = now() WHERE revoked_at IS NOT NULL")
    await sweep(live.app.state.database, live.app.state.settings)
    assert (await refresh(live.client, tokens["refresh_token"])).status_code == 200
