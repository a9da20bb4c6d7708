"""Deactivations, promotions, demotions and edits that meet."""

import asyncio

import asyncpg

from app.accounts.errors import LastAdmin
from tests.accounts.support import gate_token_inserts, open_gate, reader, refresh, signed_in
from tests.admin.support import by_command
from tests.races.support import begin, blocked
from tests.support import Shop, assert_problem

LIVE_TOKENS = "SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL"


async def test_of_two_last_admins_demoted_at_once_one_stays(live: Shop, raw: asyncpg.Connection):
    """Both wait at the same rows. Seen to fail (no administrator left) without FOR NO KEY UPDATE on all of them."""
    one, other = await live.admin(), await live.admin()
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM users FOR UPDATE")
        demotions = [asyncio.ensure_future(by_command(live, "demote", person.email)) for person in (one, other)]
        await blocked(raw, *demotions)
    outcomes = await asyncio.gather(*demotions, return_exceptions=True)
    assert sum(isinstance(outcome, LastAdmin) for outcome in outcomes) == 1
    assert await live.scalar("SELECT count(*) FROM users WHERE role = 'ADMIN'") == 1
    assert await live.scalar("SELECT count(*) FROM audit_events WHERE action = 'user.demoted'") == 1


async def test_a_refresh_under_way_leaves_no_live_token_to_the_deactivated(live: Shop, raw: asyncpg.Connection):
    """The refresh is held with its new token unseen by others. Seen to fail without the lock before the revocation."""
    admin, person = await live.admin(), await reader(live)
    tokens = await signed_in(live, person)
    await gate_token_inserts(raw)
    refreshing = begin(refresh(live.client, tokens["refresh_token"]))
    await blocked(raw, refreshing)
    path = f"/admin/users/{person.id}/deactivate"
    deactivating = begin(live.client.patch(path, headers=admin.headers))
    await blocked(raw, refreshing, deactivating)
    await open_gate(raw)
    renewed = await refreshing
    assert ((await deactivating).status_code, renewed.status_code) == (200, 200)
    assert await raw.fetchval(LIVE_TOKENS) == 0
    me = await live.client.get("/auth/me", headers={"Authorization": f"Bearer {renewed.json()['access_token']}"})
    assert_problem(me, 403, "AUTH_ACCOUNT_DEACTIVATED")


async def test_who_is_being_promoted_is_not_deactivated(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (a deactivated administrator) with the role read without the lock."""
    admin, person = await live.admin(), await live.person()
    async with raw.transaction():
        await raw.execute("UPDATE users SET role = 'ADMIN' WHERE id = $1", person.id)
        path = f"/admin/users/{person.id}/deactivate"
        deactivating = begin(live.client.patch(path, headers=admin.headers))
        await blocked(raw, deactivating)
    assert_problem(await deactivating, 403, "ADMN_CANNOT_DEACTIVATE_ADMIN")
    assert await live.scalar("SELECT count(*) FROM users WHERE is_active") == 2


async def test_simultaneous_deactivations_leave_one_row_in_the_trail(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (eight rows) without the lock: each saw the account active."""
    admin, person = await live.admin(), await live.person()
    path = f"/admin/users/{person.id}/deactivate"
    async with raw.transaction():
        await raw.execute("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", person.id)
        requests = [begin(live.client.patch(path, headers=admin.headers)) for _ in range(8)]
        await blocked(raw, *requests)
    assert {answer.status_code for answer in await asyncio.gather(*requests)} == {200}
    assert await live.scalar("SELECT count(*) FROM audit_events") == 1


async def test_the_trail_tells_what_an_edit_found_under_the_lock(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (before: A Book) with the book read without the lock."""
    admin, book = await live.admin(), await live.book()
    async with raw.transaction():
        await raw.execute("UPDATE books SET title = 'Middle' WHERE id = $1", book)
        edit = begin(live.client.put(f"/books/{book}", headers=admin.headers, json={"title": "New"}))
        await blocked(raw, edit)
    assert (await edit).status_code == 200
    assert await live.rows("SELECT before, after FROM audit_events") == [({"title": "Middle"}, {"title": "New"})]
