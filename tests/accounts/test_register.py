"""POST /auth/register (contract, sections 2.5, 4.1, 5)."""

import asyncio

import jwt
import pytest
from httpx2 import AsyncClient

from tests.accounts.support import PASSWORD, bearer, mails
from tests.support import Shop, assert_problem


async def register(client: AsyncClient, email: str = "reader@example.com", **others: object):
    return await client.post("/auth/register", json={"email": email, "password": PASSWORD} | others)


async def test_answers_201_with_tokens_that_no_cache_keeps(client: AsyncClient):
    answer = await register(client)
    assert answer.status_code == 201
    assert answer.json().keys() == {"access_token", "refresh_token", "token_type"}
    assert answer.json()["token_type"] == "bearer"
    assert answer.headers["cache-control"] == "no-store"


async def test_the_account_is_usable_at_once_and_is_an_ordinary_user(client: AsyncClient):
    tokens = (await register(client, role="admin", is_active=False)).json()
    account = (await client.get("/auth/me", headers=bearer(tokens))).json()
    assert account["role"] == "user"
    assert account["is_active"] is True
    assert account["email_verified"] is False


async def test_the_access_token_carries_the_claims_of_the_contract(shop: Shop):
    tokens = (await register(shop.client)).json()
    assert jwt.get_unverified_header(tokens["access_token"]) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(tokens["access_token"], shop.app.state.signing_key, algorithms=["HS256"])
    row = (await shop.rows("SELECT * FROM refresh_tokens"))[0]
    assert claims["sub"] == str(row.user_id)
    assert claims["role"] == "user"
    assert claims["sid"] == str(row.token_family)
    assert claims["exp"] - claims["iat"] == 15 * 60


async def test_only_digests_of_secrets_are_kept(shop: Shop):
    token = (await register(shop.client)).json()["refresh_token"]
    assert len(token) == 86
    row = (await shop.rows("SELECT *, expires_at - created_at AS life FROM refresh_tokens"))[0]
    assert token not in str(row)
    assert row.life.days == 7
    stored = await shop.scalar("SELECT hashed_password FROM users")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_a_taken_address_is_409_whatever_its_case(client: AsyncClient):
    await register(client, "Reader@Example.com")
    assert_problem(await register(client, "rEADER@example.COM"), 409, "AUTH_EMAIL_CONFLICT", "email")


async def test_of_simultaneous_registrations_one_is_201_and_the_others_409(live: Shop):
    """Seen to fail (500) with `on_conflict_do_nothing` taken out."""
    answers = await asyncio.gather(
        *(register(live.client, email) for email in ("a@example.com", "A@example.com") * 2)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await live.scalar("SELECT count(*) FROM users") == 1
    assert await live.scalar("SELECT count(*) FROM email_outbox") == 1


async def test_a_verification_mail_is_queued(shop: Shop):
    await register(shop.client, "Reader@example.com", display_name="Visit evil.example")
    (mail,) = await mails(shop, "email_verification")
    assert mail.recipient == "reader@example.com"
    assert mail.subject == "Confirm your e-mail address"
    assert "http://localhost:8000/account/verify?token=" in mail.html
    assert "http://localhost:8000/account/verify?token=" in mail.text
    assert "24 hours" in mail.text
    assert "evil" not in mail.html, "strangers' addresses can be registered: the name given must not reach them"


async def test_a_refused_registration_queues_nothing(shop: Shop):
    await register(shop.client)
    await register(shop.client)
    assert len(await mails(shop, "email_verification")) == 1


@pytest.mark.parametrize(("length", "status"), [(7, 422), (8, 201), (128, 201), (129, 422)])
async def test_passwords_have_8_to_128_characters(client: AsyncClient, length: int, status: int):
    answer = await register(client, password="é" * length)
    assert answer.status_code == status
    if status == 422:
        assert_problem(answer, 422, "VALIDATION_ERROR", "password")


@pytest.mark.parametrize("body", [{}, {"email": "a@example.com"}, {"password": PASSWORD}, [], None])
async def test_address_and_password_are_required(client: AsyncClient, body: object):
    answer = await client.post("/auth/register", json=body)
    assert answer.status_code == 422
    assert answer.headers["cache-control"] == "no-store"


async def test_no_error_repeats_the_password(client: AsyncClient):
    answer = await client.post("/auth/register", json={"email": "nonsense", "password": "geheim"})
    assert answer.status_code == 422
    assert "geheim" not in answer.text
    assert "nonsense" not in answer.text
