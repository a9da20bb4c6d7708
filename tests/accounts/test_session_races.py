"""Sessions under simultaneous requests, with real connections (contract, sections 2.5 and 2.7)."""

import asyncio

import asyncpg

from tests.accounts.support import (
    NEW_PASSWORD,
    bearer,
    gate_token_inserts,
    log_in,
    mailed_token,
    open_gate,
    reader,
    refresh,
    signed_in,
    waiting,
)
from tests.support import Shop, assert_problem


async def test_of_simultaneous_refreshes_one_wins_and_the_rest_end_the_session(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (several 200) with both locks of `rotate` taken out; for this each of them suffices."""
    token = (await signed_in(live, await reader(live)))["refresh_token"]
    await gate_token_inserts(raw)
    requests = [asyncio.create_task(refresh(live.client, token)) for _ in range(4)]
    await waiting(raw, len(requests))
    await open_gate(raw)
    answers = sorted(await asyncio.gather(*requests), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [200, 401, 401, 401]
    for answer in answers[1:]:
        assert_problem(answer, 401, "AUTH_TOKEN_REUSE")
    assert_problem(await refresh(live.client, answers[0].json()["refresh_token"]), 401, "AUTH_TOKEN_REUSE")


async def test_a_row_that_another_transaction_revokes_meanwhile_counts_as_reuse(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (200) with FOR UPDATE of the presented row taken out."""
    token = (await signed_in(live, await reader(live)))["refresh_token"]
    async with raw.transaction():
        await raw.execute("UPDATE refresh_tokens SET revoked_at = now()")
        answer = asyncio.create_task(refresh(live.client, token))
        await _blocked_by(raw, answer)
    assert_problem(await answer, 401, "AUTH_TOKEN_REUSE")


async def test_reuse_ends_a_session_that_is_being_rotated(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (the newest token survives) with the lock of the account's row taken out of `rotate`."""
    first = (await signed_in(live, await reader(live)))["refresh_token"]
    second = (await refresh(live.client, first)).json()["refresh_token"]
    await gate_token_inserts(raw)
    rotation = asyncio.create_task(refresh(live.client, second))
    await waiting(raw, 1)
    reuse = asyncio.create_task(refresh(live.client, first))
    await waiting(raw, 2)
    await open_gate(raw)
    assert (await rotation).status_code == 200
    assert_problem(await reuse, 401, "AUTH_TOKEN_REUSE")
    assert await raw.fetchval("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


async def test_logout_all_ends_a_session_that_is_being_rotated(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (the new token survives) with the lock taken out of `close_all`."""
    tokens = await signed_in(live, await reader(live))
    await gate_token_inserts(raw)
    rotation = asyncio.create_task(refresh(live.client, tokens["refresh_token"]))
    await waiting(raw, 1)
    farewell = asyncio.create_task(live.client.post("/auth/logout-all", headers=bearer(tokens)))
    await waiting(raw, 2)
    await open_gate(raw)
    assert [(await rotation).status_code, (await farewell).status_code] == [200, 204]
    assert await raw.fetchval("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


async def test_a_reset_ends_a_session_that_is_being_opened(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (the session survives) with the locks taken out of `_open_unchanged`."""
    person = await reader(live)
    await live.client.post("/auth/password/forgot", json={"email": person.email})
    link = await mailed_token(live, "password_reset")
    await gate_token_inserts(raw)
    login = asyncio.create_task(log_in(live.client, person.email))
    await waiting(raw, 1)
    body = {"token": link, "new_password": NEW_PASSWORD}
    reset = asyncio.create_task(live.client.post("/auth/password/reset", json=body))
    await _blocked_by(raw, reset, others=1)
    await open_gate(raw)
    assert [(await login).status_code, (await reset).status_code] == [200, 204]
    assert await raw.fetchval("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


async def _blocked_by(raw: asyncpg.Connection, task: "asyncio.Task[object]", others: int = 0) -> None:
    """Return once the request waits for a lock, or, where it should have and did not, is done."""
    wait = asyncio.create_task(waiting(raw, others + 1))
    await asyncio.wait({wait, task}, return_when=asyncio.FIRST_COMPLETED)
    wait.cancel()
    await asyncio.gather(wait, return_exceptions=True)
