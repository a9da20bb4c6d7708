"""POST /auth/login (contract, sections 2.3, 2.5, 4.1)."""

import pytest
from argon2 import PasswordHasher
from httpx2 import AsyncClient

from app.accounts import passwords, service
from app.accounts.models import UserRole
from tests.accounts.support import PASSWORD, bearer, hashed, log_in, note_verifications, reader, refresh, signed_in
from tests.support import Shop, assert_problem


async def test_answers_200_with_tokens_that_no_cache_keeps(shop: Shop):
    person = await reader(shop)
    answer = await log_in(shop.client, person.email.upper())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["token_type"] == "bearer"
    me = await shop.client.get("/auth/me", headers=bearer(answer.json()))
    assert me.json()["id"] == person.id


async def test_unknown_address_and_wrong_password_are_told_apart_by_nothing(shop: Shop):
    person = await reader(shop)
    unknown = await log_in(shop.client, "nobody@example.com")
    wrong = await log_in(shop.client, person.email, "wrong horse battery")
    assert assert_problem(unknown, 401, "AUTH_INVALID_CREDENTIALS")["detail"] == "Invalid email or password"
    assert unknown.json() == wrong.json()
    assert wrong.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("password", ["", "x", PASSWORD, "x" * 5000])
async def test_an_account_without_password_is_400_whatever_was_sent(shop: Shop, password: str):
    person = await shop.person(is_active=False)
    assert_problem(await log_in(shop.client, person.email, password), 400, "AUTH_OAUTH_ONLY_ACCOUNT")


async def test_only_the_right_password_learns_of_the_deactivation(shop: Shop):
    person = await reader(shop, is_active=False)
    assert_problem(await log_in(shop.client, person.email, "wrong"), 401, "AUTH_INVALID_CREDENTIALS")
    body = assert_problem(await log_in(shop.client, person.email), 403, "AUTH_ACCOUNT_DEACTIVATED")
    assert body["detail"] == "Account deactivated. Contact support."


async def test_a_second_login_leaves_the_first_session_alive(shop: Shop):
    person = await reader(shop)
    first, second = await signed_in(shop, person), await signed_in(shop, person)
    assert (await refresh(shop.client, first["refresh_token"])).status_code == 200
    assert (await refresh(shop.client, second["refresh_token"])).status_code == 200


async def test_every_outcome_costs_one_verification(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    verified = note_verifications(monkeypatch)
    person, oauth_only = await reader(shop), await shop.person()
    for email in ("nobody@example.com", oauth_only.email, person.email):
        await log_in(shop.client, email, "wrong horse battery")
    assert len(verified) == 3
    assert all(hash_.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for hash_ in verified)


async def test_a_hash_of_other_parameters_is_renewed(shop: Shop):
    person = await reader(shop, hashed_password=PasswordHasher(memory_cost=1024, time_cost=1).hash(PASSWORD))
    assert (await log_in(shop.client, person.email)).status_code == 200
    stored = await shop.scalar("SELECT hashed_password FROM users WHERE id = :id", id=person.id)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert (await log_in(shop.client, person.email)).status_code == 200


async def test_a_hash_that_is_none_opens_nothing(shop: Shop):
    person = await reader(shop, hashed_password="!")
    assert_problem(await log_in(shop.client, person.email, "!"), 401, "AUTH_INVALID_CREDENTIALS")


async def test_the_role_of_the_row_goes_into_the_token(shop: Shop):
    person = await reader(shop, role=UserRole.ADMIN)
    tokens = await signed_in(shop, person)
    assert (await shop.client.get("/auth/me", headers=bearer(tokens))).json()["role"] == "admin"


@pytest.mark.parametrize(
    "body", [{"email": "nonsense", "password": "x"}, {"email": "a@example.com", "password": 7}, {}]
)
async def test_a_body_that_does_not_fit_is_422(client: AsyncClient, body: object):
    assert (await client.post("/auth/login", json=body)).status_code == 422


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("hashed_password = 'changed'", 401, "AUTH_INVALID_CREDENTIALS"),
        ("hashed_password = NULL", 400, "AUTH_OAUTH_ONLY_ACCOUNT"),
        ("is_active = false", 403, "AUTH_ACCOUNT_DEACTIVATED"),
    ],
)
async def test_what_changed_during_the_verification_is_judged_as_it_is_now(
    live: Shop, monkeypatch: pytest.MonkeyPatch, change: str, status: int, code: str
):
    """Seen to fail (200) with the comparison in `_open_unchanged` taken out."""
    person = await reader(live)
    monkeypatch.setattr(service, "verify_password", _meanwhile(live, f"UPDATE users SET {change}"))
    assert_problem(await log_in(live.client, person.email), status, code)
    assert await live.scalar("SELECT count(*) FROM refresh_tokens") == 0


async def test_a_hash_renewed_by_another_login_is_no_wrong_password(live: Shop, monkeypatch: pytest.MonkeyPatch):
    """Seen to fail (401) with a refusal in place of the repetition in `log_in`."""
    old = PasswordHasher(memory_cost=1024, time_cost=1).hash(PASSWORD)
    person = await reader(live, hashed_password=old)
    renewal = f"UPDATE users SET hashed_password = '{hashed()}'"
    monkeypatch.setattr(service, "verify_password", _meanwhile(live, renewal))
    assert (await log_in(live.client, person.email)).status_code == 200


def _meanwhile(live: Shop, statement: str):
    """verify_password, at the end of whose first call another transaction commits the statement."""
    statements = [statement]

    async def verify(password: str, hash_: str | None) -> passwords.PasswordMatch:
        right = await passwords.verify_password(password, hash_)
        if statements:
            await live.rows(statements.pop())
        return right

    return verify
