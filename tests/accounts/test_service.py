"""What commands and jobs use: administrators and the purge."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.administration import AccountAdministration
from app.accounts.service import purge_expired
from tests.accounts.support import hashed, log_in, mails, reader, refresh, signed_in
from tests.support import Shop, assert_problem


async def admin(shop: Shop, email: str) -> bool:
    async def work(session: AsyncSession) -> bool:
        return (await AccountAdministration(session).make_admin(email, hashed())).before is None

    return await shop.app.state.database.transaction(work)


async def test_a_new_administrator_can_sign_in(shop: Shop):
    assert await admin(shop, "boss@example.com") is True
    assert (await log_in(shop.client, "boss@example.com")).status_code == 200
    assert await shop.scalar("SELECT role FROM users") == "ADMIN"
    assert await mails(shop, "email_verification") == []


async def test_an_account_is_promoted_with_the_new_password_and_its_sessions_end(shop: Shop):
    person, neighbour = await reader(shop), await reader(shop)
    tokens, theirs = await signed_in(shop, person), await signed_in(shop, neighbour)
    await shop.rows("UPDATE users SET is_active = false, hashed_password = 'old' WHERE id = :id", id=person.id)
    assert await admin(shop, person.email) is False
    assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert (await refresh(shop.client, theirs["refresh_token"])).status_code == 200
    assert (await log_in(shop.client, person.email)).status_code == 200
    assert await shop.scalar("SELECT role FROM users WHERE id = :id", id=person.id) == "ADMIN"


async def test_the_purge_deletes_what_has_had_its_time_and_nothing_else(shop: Shop):
    person = await reader(shop)
    for _ in range(2):
        await signed_in(shop, person)
        await shop.client.post("/auth/verify-email/resend", headers=person.headers)
    await shop.rows("DELETE FROM rate_limits")
    await shop.rows("INSERT INTO rate_limits VALUES ('old', now() - interval '61 minutes', 1), ('new', now(), 1)")
    other = "INSERT INTO sign_in_places VALUES (:id, 'old', 'network', now() - interval '180 days')"
    await shop.rows(other, id=person.id)
    for table in ("refresh_tokens", "account_links"):
        await shop.rows(f"UPDATE {table} SET expires_at = now() WHERE id = (SELECT min(id) FROM {table})")
    assert await shop.app.state.database.transaction(purge_expired) == 4
    assert await shop.app.state.database.transaction(purge_expired) == 0
    for table in ("refresh_tokens", "account_links", "rate_limits", "sign_in_places"):
        assert await shop.scalar(f"SELECT count(*) FROM {table}") == 1
