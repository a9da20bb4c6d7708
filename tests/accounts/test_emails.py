"""E-mail addresses (contract, section 2.5)."""

import pytest
from httpx2 import AsyncClient

from tests.accounts.support import PASSWORD, bearer, log_in
from tests.support import Shop, assert_problem


async def register(client: AsyncClient, email: str):
    return await client.post("/auth/register", json={"email": email, "password": PASSWORD})


@pytest.mark.parametrize(
    "email",
    [
        "", "a", "@example.com", "a@", "a@b", "a b@example.com", "a@example..com", "A <a@example.com>", "a@[127.0.0.1]",
        "a@x.test", "a@test", "a@x.local", "a@x.invalid", "a@localhost", "a@x.localhost", "a@x.onion",
        "a@example.com\nBcc: b@example.com", f"{'a' * 65}@example.com", f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.com",
    ],
)  # fmt: skip
async def test_what_cannot_receive_mail_is_422_and_not_repeated(client: AsyncClient, email: str):
    answer = await register(client, email)
    body = assert_problem(answer, 422, "VALIDATION_ERROR", "email")
    assert all("input" not in error for error in body["errors"])
    if len(email) > 9:
        assert email not in answer.text


@pytest.mark.parametrize("value", [7, None, ["a@example.com"]])
async def test_an_address_is_a_string(client: AsyncClient, value: object):
    answer = await client.post("/auth/register", json={"email": value, "password": PASSWORD})
    assert_problem(answer, 422, "VALIDATION_ERROR", "email")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Reader@Example.COM", "reader@example.com"),
        ("a@test.com", "a@test.com"),
        ("a+b@sub.example.com", "a+b@sub.example.com"),
        ("ÉRIC@BÜCHER.de", "éric@bücher.de"),
        ("x@xn--bcher-kva.de", "x@bücher.de"),
        ("e\u0301ric@example.com", "éric@example.com"),
        ("İ@example.com", "i\u0307@example.com"),
        ("ΟΔΟΣ@example.com", "οδοσ@example.com"),
    ],
)
async def test_real_addresses_are_stored_in_one_spelling_and_found_by_any(shop: Shop, given: str, stored: str):
    tokens = (await register(shop.client, given)).json()
    assert (await shop.client.get("/auth/me", headers=bearer(tokens))).json()["email"] == stored
    assert (await log_in(shop.client, given)).status_code == 200
    assert (await log_in(shop.client, stored)).status_code == 200
    assert_problem(await register(shop.client, stored), 409, "AUTH_EMAIL_CONFLICT", "email")


async def test_a_row_with_capitals_that_came_from_elsewhere_is_found(shop: Shop):
    await shop.rows("INSERT INTO users (email) VALUES ('Elsewhere@Example.com')")
    assert_problem(await log_in(shop.client, "elsewhere@example.com"), 400, "AUTH_OAUTH_ONLY_ACCOUNT")
    assert_problem(await register(shop.client, "elsewhere@example.com"), 409, "AUTH_EMAIL_CONFLICT", "email")
