"""A password has one spelling, however a keyboard or a program composes it (RFC 8265, with NFKC)."""

import unicodedata

import pytest
from argon2 import PasswordHasher

from app.accounts.passwords import MAX_GIVEN, PasswordMatch, normalised_password, verify_password
from tests.accounts.support import log_in, mailed_token, note_verifications, reader
from tests.support import Shop, assert_problem

COMPOSED = "Æpfel über Möhren"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
HASHER = PasswordHasher(memory_cost=65536, time_cost=3, parallelism=4)


async def stored(shop: Shop, email: str) -> str:
    return str(await shop.scalar("SELECT hashed_password FROM users WHERE email = :email", email=email))


@pytest.mark.parametrize(("chosen", "given"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
async def test_either_spelling_opens_an_account_that_was_registered_with_the_other(
    shop: Shop, chosen: str, given: str
):
    """Seen to fail with the normalisation taken out of hashing, and out of verifying."""
    assert len(DECOMPOSED) > len(COMPOSED)
    body = {"email": "ada@example.com", "password": chosen}
    assert (await shop.client.post("/auth/register", json=body)).status_code == 201
    assert (await log_in(shop.client, "ada@example.com", given)).status_code == 200
    assert HASHER.verify(await stored(shop, "ada@example.com"), COMPOSED)


async def test_so_does_a_password_that_was_changed_or_reset(shop: Shop):
    person = await reader(shop)
    body = {"current_password": "correct horse battery", "new_password": DECOMPOSED}
    assert (await shop.client.post("/auth/password", headers=person.headers, json=body)).status_code == 204
    body = {"current_password": COMPOSED, "new_password": "ＦＵＬＬ　ＷＩＤＴＨ"}
    assert (await shop.client.post("/auth/password", headers=person.headers, json=body)).status_code == 204
    assert (await log_in(shop.client, person.email, "FULL WIDTH")).status_code == 200
    await shop.client.post("/auth/password/forgot", json={"email": person.email})
    body = {"token": await mailed_token(shop, "password_reset"), "new_password": DECOMPOSED}
    assert (await shop.client.post("/auth/password/reset", json=body)).status_code == 204
    assert (await log_in(shop.client, person.email, COMPOSED)).status_code == 200


async def test_a_hash_of_another_spelling_still_opens_and_is_made_anew(shop: Shop):
    """Seen to fail with the second verification taken out, and with the hash kept."""
    person = await reader(shop, hashed_password=HASHER.hash(DECOMPOSED))
    assert_problem(await log_in(shop.client, person.email, COMPOSED), 401, "AUTH_INVALID_CREDENTIALS")
    assert (await log_in(shop.client, person.email, DECOMPOSED)).status_code == 200
    assert HASHER.verify(await stored(shop, person.email), COMPOSED)
    assert (await log_in(shop.client, person.email, COMPOSED)).status_code == 200


async def test_a_hash_of_the_normal_spelling_is_kept(shop: Shop):
    """The counters of failures belong to it. Seen to fail with every other spelling hashed anew."""
    person = await reader(shop, hashed_password=HASHER.hash(COMPOSED))
    before = await stored(shop, person.email)
    assert (await log_in(shop.client, person.email, DECOMPOSED)).status_code == 200
    assert await stored(shop, person.email) == before


@pytest.mark.parametrize(("password", "times"), [("wrong horse battery", 1), (DECOMPOSED + "!", 2)])
async def test_unknown_addresses_cost_as_much_as_known_ones(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, password: str, times: int
):
    """Seen to fail with the second verification for known addresses only."""
    verified = note_verifications(monkeypatch)
    counts = []
    for email in ("nobody@example.com", (await shop.person()).email, (await reader(shop)).email):
        before = len(verified)
        await log_in(shop.client, email, password)
        counts.append(len(verified) - before)
    assert counts == [times] * 3


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("plain", "plain"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u2126", "\u03a9"),
        ("Ｆｕｌｌ", "Full"),
        ("ﬁne", "fine"),
        ("a\u00a0b\u3000c\u1680d\u2009e", "a b c d e"),
        ("\U0001f4da", "\U0001f4da"),
    ],
)
def test_spellings(given: str, normal: str):
    assert normalised_password(given) == normal
    assert normalised_password(normal) == normal


@pytest.mark.parametrize(
    ("password", "status"),
    [
        ("é" * 8, 201),
        ("e\u0301" * 7, 422),  # fourteen characters as they come, seven as they count
        ("e\u0301" * 128, 201),
        ("e\u0301" * 129, 422),
        ("\ufdfa" * 7, 201),  # eighteen letters each
        ("\ufdfa" * 8, 422),
        ("e" + "\u0301" * MAX_GIVEN, 422),
        ("x" * 200_000, 422),
    ],
)
async def test_the_bounds_are_those_of_the_normal_spelling(shop: Shop, password: str, status: int):
    answer = await shop.client.post("/auth/register", json={"email": "ada@example.com", "password": password})
    assert answer.status_code == status
    if status == 422:
        kind = answer.json()["errors"][0]["type"]
        assert kind == ("string_too_short" if len(password) == 14 else "string_too_long")


async def test_what_takes_long_to_normalise_is_not_normalised():
    """The time grows with the square of their number: a megabyte of them takes many minutes. Seen to fail without
    MAX_GIVEN."""
    slow = "e" + "\u0315\u0300" * 2_000
    assert normalised_password(slow) is slow
    assert await verify_password(slow, HASHER.hash("another")) is PasswordMatch.NO
