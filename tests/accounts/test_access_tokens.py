"""Access tokens as bearer (contract, section 2.5): which are believed, and how the others are refused."""

import time
from typing import Any
from uuid import uuid4

import jwt
import pytest

from app.accounts.models import UserRole
from tests.support import Person, Shop, assert_problem

OTHER_KEY = "somebody else's key, long enough to sign with"


def claims(user_id: int, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    given = {
        "sub": str(user_id),
        "role": "user",
        "jti": str(uuid4()),
        "sid": str(uuid4()),
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


async def me(shop: Shop, token: str):
    return await shop.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})


def signed(shop: Shop, payload: dict[str, Any], *, key: str | None = None, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, shop.app.state.signing_key if key is None else key, algorithm=algorithm)


@pytest.fixture
async def reader(shop: Shop) -> Person:
    return await shop.person()


async def test_a_token_of_ours_is_believed(shop: Shop, reader: Person):
    answer = await me(shop, signed(shop, claims(reader.id)))
    assert answer.json()["id"] == reader.id


async def test_a_token_says_what_the_contract_lists(shop: Shop, reader: Person):
    assert jwt.get_unverified_header(reader.token) == {"alg": "HS256", "typ": "JWT"}
    said = jwt.decode(reader.token, options={"verify_signature": False})
    assert set(said) == {"sub", "role", "jti", "sid", "iat", "exp"}
    assert (said["sub"], said["role"]) == (str(reader.id), "user")
    assert said["exp"] - said["iat"] == 15 * 60


async def test_a_foreign_signature_is_refused(shop: Shop, reader: Person):
    """Seen to fail with the verification of signatures switched off."""
    assert_problem(await me(shop, signed(shop, claims(reader.id), key=OTHER_KEY)), 401, "AUTH_TOKEN_INVALID")


async def test_a_changed_payload_is_refused(shop: Shop, reader: Person):
    head, _, seal = reader.token.split(".")
    _, payload, _ = signed(shop, claims(reader.id + 1), key=OTHER_KEY).split(".")
    assert_problem(await me(shop, f"{head}.{payload}.{seal}"), 401, "AUTH_TOKEN_INVALID")


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
async def test_other_algorithms_are_refused(shop: Shop, reader: Person, algorithm: str):
    key = "" if algorithm == "none" else shop.app.state.signing_key * 2
    assert_problem(
        await me(shop, signed(shop, claims(reader.id), key=key, algorithm=algorithm)), 401, "AUTH_TOKEN_INVALID"
    )


@pytest.mark.parametrize("name", ["sub", "sid", "jti", "iat", "exp"])
async def test_a_missing_claim_is_refused(shop: Shop, reader: Person, name: str):
    assert_problem(await me(shop, signed(shop, claims(reader.id, **{name: None}))), 401, "AUTH_TOKEN_INVALID")


@pytest.mark.parametrize("subject", ["", "0", "-1", "x", str(2**31), "9" * 400, "1.0"])
async def test_a_subject_that_can_be_no_account_is_refused(shop: Shop, subject: str):
    assert_problem(await me(shop, signed(shop, claims(1, sub=subject))), 401, "AUTH_TOKEN_INVALID")


async def test_an_expired_token_says_so(shop: Shop, reader: Person):
    past = claims(reader.id, iat=int(time.time()) - 100, exp=int(time.time()) - 1)
    assert_problem(await me(shop, signed(shop, past)), 401, "AUTH_TOKEN_EXPIRED")
    assert_problem(await me(shop, signed(shop, past, key=OTHER_KEY)), 401, "AUTH_TOKEN_INVALID")


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "é.é.é", "e30.e30.e30"])
async def test_what_is_no_token_is_refused(shop: Shop, token: str):
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")}
    answer = await shop.client.get("/auth/me", headers=headers)  # type: ignore[arg-type]
    assert_problem(answer, 401, "AUTH_TOKEN_INVALID")


async def test_the_token_of_an_account_that_is_gone_is_403(shop: Shop, reader: Person):
    await shop.rows("DELETE FROM users WHERE id = :id", id=reader.id)
    problem = assert_problem(await me(shop, reader.token), 403, "AUTH_ACCOUNT_DEACTIVATED")
    assert problem["detail"] == "Account deactivated. Contact support."


async def test_the_role_in_a_token_is_never_trusted(shop: Shop, reader: Person):
    forged = {"Authorization": f"Bearer {shop.token(reader.id, UserRole.ADMIN)}"}
    assert_problem(await shop.client.get("/admin/orders", headers=forged), 403, "AUTH_FORBIDDEN")
    await shop.rows("UPDATE users SET role = 'ADMIN' WHERE id = :id", id=reader.id)
    assert (await shop.client.get("/admin/orders", headers=reader.headers)).status_code == 200
