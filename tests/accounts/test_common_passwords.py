"""Passwords that are guessed first are refused wherever one is set; those that are there still open their accounts."""

import subprocess
import sys

import pytest
from argon2 import PasswordHasher
from httpx2 import Response

from app.accounts import common_passwords, passwords
from app.accounts.common_passwords import HOW_MANY, refuse_common
from app.accounts.errors import PasswordTooCommon
from tests.accounts.support import PASSWORD, log_in, mailed_token, reader
from tests.support import Shop, assert_problem

CODE = "AUTH_PASSWORD_TOO_COMMON"


async def register(shop: Shop, password: str, email: str = "ada.lovelace@example.com") -> Response:
    return await shop.client.post("/auth/register", json={"email": email, "password": password})


async def change(shop: Shop, password: str) -> Response:
    person = await reader(shop, email="ada.lovelace@example.com")
    body = {"current_password": PASSWORD, "new_password": password}
    return await shop.client.post("/auth/password", headers=person.headers, json=body)


async def reset(shop: Shop, password: str) -> Response:
    person = await reader(shop, email="ada.lovelace@example.com")
    await shop.client.post("/auth/password/forgot", json={"email": person.email})
    body = {"token": await mailed_token(shop, "password_reset"), "new_password": password}
    return await shop.client.post("/auth/password/reset", json=body)


@pytest.mark.parametrize(
    ("set_it", "field"), [(register, "password"), (change, "new_password"), (reset, "new_password")]
)
@pytest.mark.parametrize(
    "password",
    ["password", "12345678", "PassWord", "ｐａｓｓｗｏｒｄ", "iloveyou", "Ada.Lovelace@Example.com", "ada.lovelace"],
)
async def test_it_is_refused_before_anything_is_hashed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, set_it, field: str, password: str
):
    """Seen to fail with `refuse_common` taken out of each."""
    monkeypatch.setattr(passwords, "_in_turn", None)
    answer = await set_it(shop, password)
    assert_problem(answer, 422, CODE, field)
    hashes = [row.hashed_password for row in await shop.rows("SELECT hashed_password FROM users")]
    assert all(PasswordHasher().verify(hashed, PASSWORD) for hashed in hashes)


async def test_a_link_is_not_used_up_by_a_password_that_is_refused(shop: Shop):
    await reset(shop, "password")
    body = {"token": await mailed_token(shop, "password_reset"), "new_password": "another horse battery"}
    assert (await shop.client.post("/auth/password/reset", json=body)).status_code == 204


async def test_a_link_that_is_not_valid_is_told_first(shop: Shop):
    body = {"token": "unknown", "new_password": "password"}
    assert_problem(await shop.client.post("/auth/password/reset", json=body), 400, "AUTH_LINK_INVALID")


@pytest.mark.parametrize("password", ["correct horse battery", "long enough", "password of Ada", "lovelace-ada"])
async def test_others_are_taken(shop: Shop, password: str):
    assert (await register(shop, password)).status_code == 201


async def test_a_short_local_part_is_no_password_anyway(shop: Shop):
    answer = await register(shop, "ada", email="ada@example.com")
    assert_problem(answer, 422, "VALIDATION_ERROR", "password")


@pytest.mark.parametrize("password", ["password", "PASSWORD"])
async def test_an_account_that_has_one_is_opened_by_it(shop: Shop, password: str):
    hashed = PasswordHasher(memory_cost=65536, time_cost=3, parallelism=4).hash("password")
    person = await reader(shop, hashed_password=hashed)
    assert (await log_in(shop.client, person.email, password)).status_code == (200 if password == "password" else 401)


def test_the_list_has_the_most_common_of_that_length():
    common = common_passwords._most_common()
    assert len(common) == HOW_MANY == 3000
    assert all(len(password) >= 8 and password == password.casefold() for password in common)
    assert {"password", "12345678", "123456789", "qwertyuiop", "iloveyou", "trustno1", "11111111"} <= common
    with pytest.raises(PasswordTooCommon):
        refuse_common("Football", "a@example.com", "password")


def test_it_is_read_at_the_first_password_and_the_package_never():
    """It takes 12 ms and 4 MB; with the package that it stands in, three times as much, in every server process."""
    words = """
import sys
import app.main
assert not any("frequency" in name or "zxcvbn" in name for name in sys.modules), "at start"
from app.accounts.common_passwords import _most_common
assert _most_common.cache_info().currsize == 0
assert len(_most_common()) == 3000
assert not any("frequency" in name or "zxcvbn" in name for name in sys.modules), "at the first password"
"""
    subprocess.run([sys.executable, "-c", words], check=True, env={"ENV": "test"})
