"""Id tokens: what proves something and what does not (contract, section 4.2)."""

import hmac
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.oauth.provider import CLIENT_ID, FakeProvider, rsa_key
from tests.oauth.support import Clock, accounts, exchange, identities, point, sign_in
from tests.support import Shop, assert_problem


async def test_a_token_opens_a_session(shop: Shop, provider: FakeProvider):
    answer = await exchange(shop, provider.id_token())
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type"}
    assert answer.headers["cache-control"] == "no-store"
    account = (await accounts(shop))[0]
    assert account.email == "reader@example.com"
    assert account.email_verified_at is not None
    assert account.hashed_password is None
    assert await identities(shop) == [(account.id, "google", "108234")]


async def test_the_token_and_the_browser_name_the_same_account(shop: Shop, provider: FakeProvider):
    assert (await sign_in(shop.app, "google")).status_code == 200
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert len(await accounts(shop)) == 1


def forged(provider: FakeProvider) -> dict[str, str]:
    """Tokens that prove nothing, by what is wrong with them."""
    public = rsa_key("first").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    now = int(time.time())
    good = provider.id_token()
    head, body, signature = good.split(".")
    other_body = provider.id_token(sub="someone else").split(".")[1]
    return {
        "signed by a stranger under our key's id": provider.id_token(signer="stranger", kid="first"),
        "signed by a stranger": provider.id_token(signer="stranger"),
        "key id that is a path": provider.id_token(kid="../../keys"),
        "no signature": jwt.encode(jwt.decode(good, options={"verify_signature": False}), "", "none"),
        "none with our key's id": provider.id_token(alg="none", key=""),
        "signature cut off": f"{head}.{body}.",
        "another body": f"{head}.{other_body}.{signature}",
        "HS256 with the public key": hs256_with(pem, good),
        "RS512": provider.id_token(alg="RS512"),
        "expired": provider.id_token(exp=now - 1),
        "expired long ago": provider.id_token(iat=now - 7200, exp=now - 3600),
        "without expiry": provider.id_token(exp=None),
        "expiry no number": provider.id_token(exp="later"),
        "expiry beyond all numbers": provider.id_token(exp=float("inf")),
        "not yet valid": provider.id_token(nbf=now + 600),
        "for another shop": provider.id_token(aud="another-client"),
        "for several": provider.id_token(aud=[CLIENT_ID, "another-client"]),
        "for nobody": provider.id_token(aud=None),
        "from another issuer": provider.id_token(iss="https://accounts.example.org"),
        "from an issuer that begins alike": provider.id_token(iss=f"{provider.url}.evil.example"),
        "without issuer": provider.id_token(iss=None),
        "without subject": provider.id_token(sub=None),
        "empty subject": provider.id_token(sub=""),
        "subject with a NUL": provider.id_token(sub="a\0b"),
        "subject too long": provider.id_token(sub="1" * 256),
        "without issue time": provider.id_token(iat=None),
        "nonsense": "nonsense",
        "empty": "",
        "three nothings": "..",
        "no ASCII": "é.é.é",
        "too deep": jwt.utils.base64url_encode(b"[" * 100_000).decode() + ".e30.AA",
        "very long": good + "A" * 500_000,
    }


def hs256_with(pem: bytes, good: str) -> str:
    """PyJWT refuses to sign so, therefore by hand."""
    head = jwt.utils.base64url_encode(b'{"alg":"HS256","typ":"JWT","kid":"first"}').decode()
    signed = f"{head}.{good.split('.')[1]}"
    return f"{signed}.{jwt.utils.base64url_encode(hmac.digest(pem, signed.encode(), 'sha256')).decode()}"


async def test_tokens_that_prove_nothing(shop: Shop, provider: FakeProvider):
    for wrong, token in forged(provider).items():
        answer = await exchange(shop, token)
        assert answer.status_code == 401, (wrong, answer.text)
        assert answer.json()["code"] == "AUTH_GOOGLE_INVALID_TOKEN", wrong
        assert answer.headers["www-authenticate"] == "Bearer"
    assert await accounts(shop) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"signer": "stranger", "kid": "first"},
        {"exp": 1_700_000_000},  # long past, and the same in every process that collects the tests
        {"aud": "another-client"},
        {"iss": "https://accounts.example.org"},
        {"nonce": "of another sign-in"},
        {"nonce": ""},
    ],
    ids=str,
)
async def test_on_the_browser_s_way_too(shop: Shop, provider: FakeProvider, changes: dict[str, Any]):
    provider.token_answer = {"id_token": provider.id_token(**changes)}
    assert_problem(await sign_in(shop.app, "google"), 401, "AUTH_OAUTH_FAILED")
    assert await accounts(shop) == []


async def test_a_good_id_token_of_another_sign_in_is_of_no_use(shop: Shop, provider: FakeProvider):
    """The nonce of none: seen to fail (200) with the comparison of the nonce taken out."""
    provider.token_answer = {"id_token": provider.id_token()}
    assert_problem(await sign_in(shop.app, "google"), 401, "AUTH_OAUTH_FAILED")


async def test_no_id_token_is_no_user_info(shop: Shop, provider: FakeProvider):
    provider.token_answer = {"id_token": None}
    assert_problem(await sign_in(shop.app, "google"), 401, "AUTH_OAUTH_NO_EMAIL")


@pytest.mark.parametrize(
    "email",
    [
        None,
        "",
        "nobody",
        5,
        ["a@example.com"],
        "a@localhost",
        "a@shop.test",
        "a" * 400 + "@example.com",
        "a\0@example.com",
    ],
)
async def test_no_email(shop: Shop, provider: FakeProvider, email: Any):
    provider.claims["email"] = email
    assert_problem(await exchange(shop, provider.id_token()), 401, "AUTH_OAUTH_NO_EMAIL")
    assert_problem(await sign_in(shop.app, "google"), 401, "AUTH_OAUTH_NO_EMAIL")
    assert await accounts(shop) == []


@pytest.mark.parametrize("verified", [False, None, "false", "true", 0, 1])
async def test_an_email_that_google_does_not_vouch_for(shop: Shop, provider: FakeProvider, verified: Any):
    provider.claims["email_verified"] = verified
    assert_problem(await exchange(shop, provider.id_token()), 401, "AUTH_OAUTH_EMAIL_UNVERIFIED")
    assert_problem(await sign_in(shop.app, "google"), 401, "AUTH_OAUTH_EMAIL_UNVERIFIED")
    assert await accounts(shop) == []


async def test_no_email_comes_before_unverified(shop: Shop, provider: FakeProvider):
    provider.claims |= {"email": None, "email_verified": False}
    assert_problem(await exchange(shop, provider.id_token()), 401, "AUTH_OAUTH_NO_EMAIL")


async def test_the_address_is_stored_as_all_addresses_are(shop: Shop, provider: FakeProvider):
    provider.claims["email"] = "  Reader@Example.COM "
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert (await accounts(shop))[0].email == "reader@example.com"


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
async def test_google_names_itself_in_two_ways(shop: Shop, provider: FakeProvider, clock: Clock, issuer: str):
    """The keys are those of the tests; the issuer is Google's own, so its form without a scheme counts."""
    point(shop.app, provider, clock, google_issuer="https://accounts.google.com")
    google = shop.app.state.oauth.google
    google._discovered._value = {"token_endpoint": f"{provider.url}/token", "jwks_uri": f"{provider.url}/keys"}
    google._discovered._fetched_at = clock.now
    assert (await exchange(shop, provider.id_token(iss=issuer))).status_code == 200
    await shop.app.state.oauth.aclose()


async def test_an_issuer_with_a_slash_at_its_end(shop: Shop, provider: FakeProvider, clock: Clock):
    """As some providers have it: it is part of the name."""
    provider.issuer = f"{provider.url}/"
    point(shop.app, provider, clock, google_issuer=provider.issuer)
    assert (await sign_in(shop.app, "google")).status_code == 200
    assert (await exchange(shop, provider.id_token(iss=provider.url))).status_code == 401
    await shop.app.state.oauth.aclose()


@pytest.mark.parametrize("skew", [-30, 30])
async def test_clocks_that_differ_by_seconds(shop: Shop, provider: FakeProvider, skew: int):
    assert (await exchange(shop, provider.id_token(iat=int(time.time()) + skew))).status_code == 200


@pytest.mark.parametrize("body", [{}, {"id_token": None}, {"id_token": 5}, {"token": "x"}])
async def test_validation(shop: Shop, body: dict[str, Any]):
    assert_problem(await shop.client.post("/auth/google/token", json=body), 422, "VALIDATION_ERROR", "id_token")
