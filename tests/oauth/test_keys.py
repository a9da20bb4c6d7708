"""The keys of id tokens: fetched once, renewed, out of reach (contract, section 4.2)."""

import asyncio
from typing import Any

import pytest

from app.accounts.oauth.google import LIFE_SECONDS, REFETCH_SECONDS
from tests.oauth.provider import Answer, FakeProvider
from tests.oauth.support import Clock, exchange, sign_in
from tests.support import Shop, assert_problem


async def test_discovery_and_keys_are_fetched_once(shop: Shop, provider: FakeProvider):
    for _ in range(3):
        assert (await exchange(shop, provider.id_token())).status_code == 200
    assert provider.count("/.well-known/openid-configuration") == 1
    assert provider.count("/keys") == 1


async def test_many_at_once_fetch_the_keys_once(shop: Shop, provider: FakeProvider):
    """Seen to fail with the lock taken out of Cached."""
    google = shop.app.state.oauth.google
    read = await asyncio.gather(*(google.read_id_token(provider.id_token()) for _ in range(10)))
    assert len(read) == 10
    assert provider.count("/keys") == 1


async def test_a_rotated_key_is_found_and_a_retired_one_forgotten(shop: Shop, provider: FakeProvider, clock: Clock):
    """Seen to fail with the second look for an unknown key id taken out."""
    old = provider.id_token()
    assert (await exchange(shop, old)).status_code == 200
    provider.published, provider.signer = ["second"], "second"
    clock.now += REFETCH_SECONDS + 1
    assert (await exchange(shop, provider.id_token())).status_code == 200
    assert_problem(await exchange(shop, old), 401, "AUTH_GOOGLE_INVALID_TOKEN")


async def test_unknown_key_ids_do_not_make_the_shop_ask_again_and_again(
    shop: Shop, provider: FakeProvider, clock: Clock
):
    """Seen to fail with REFETCH_SECONDS at zero."""
    for number in range(5):
        assert (await exchange(shop, provider.id_token(kid=f"unknown-{number}"))).status_code == 401
    assert provider.count("/keys") == 1
    clock.now += REFETCH_SECONDS + 1
    for number in range(5):
        assert (await exchange(shop, provider.id_token(kid=f"unknown-{number}"))).status_code == 401
    assert provider.count("/keys") == 2


async def test_keys_are_fetched_anew_when_they_are_old(shop: Shop, provider: FakeProvider, clock: Clock):
    token = provider.id_token()
    assert (await exchange(shop, token)).status_code == 200
    provider.published = ["second"]
    clock.now += LIFE_SECONDS + 1
    assert_problem(await exchange(shop, token), 401, "AUTH_GOOGLE_INVALID_TOKEN")


async def test_tokens_that_cannot_be_google_s_ask_nobody(shop: Shop, provider: FakeProvider):
    for token in ("nonsense", provider.id_token(alg="none", key=""), "a.b.c"):
        assert (await exchange(shop, token)).status_code == 401
    assert provider.calls == []


BROKEN = {
    "down": Answer({}, 500),
    "gone": Answer({}, 404),
    "no JSON": Answer(raw=b"<html>"),
    "a list": Answer([]),
    "empty": Answer({}),
    "no keys": Answer({"keys": []}),
    "keys are a text": Answer({"keys": "first"}),
    "broken keys": Answer({"keys": [{"kty": "RSA", "kid": "first", "n": "!", "e": 5}, {"kty": "RSA", "kid": "x"}]}),
    "symmetric keys": Answer({"keys": [{"kty": "oct", "kid": "first", "k": "c2VjcmV0"}]}),
    "for encryption": Answer({"keys": [{"kty": "RSA", "kid": "first", "use": "enc", "n": "AQAB", "e": "AQAB"}]}),
    "another issuer": Answer({"issuer": "https://evil.example"}),
    "endless": Answer(endless=True),
}


@pytest.mark.parametrize("path", ["/keys", "/.well-known/openid-configuration"])
@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
async def test_keys_out_of_reach(shop: Shop, provider: FakeProvider, path: str, answer: Answer):
    provider.faults = {path: lambda: answer}
    assert_problem(await exchange(shop, provider.id_token()), 503, "AUTH_PROVIDER_UNAVAILABLE")
    assert_problem(await sign_in(shop.app, "google"), 401, "AUTH_OAUTH_FAILED")
    provider.faults = {}
    assert (await exchange(shop, provider.id_token())).status_code == 200


@pytest.mark.parametrize(
    "document",
    [
        {"jwks_uri": "http://keys.example.com/"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"jwks_uri": "https://user:password@keys.example.com/"},
        {"token_endpoint": "http://token.example.com/"},
        {"token_endpoint": ["https://token.example.com/"]},
        {"token_endpoint": "https://"},
        {"issuer": "https://evil.example"},
    ],
    ids=str,
)
async def test_a_discovery_document_of_no_use(shop: Shop, provider: FakeProvider, document: dict[str, Any]):
    """Neither a code nor a secret goes to an address that others on the network can listen to."""
    provider.document = document
    assert_problem(await exchange(shop, provider.id_token()), 503, "AUTH_PROVIDER_UNAVAILABLE")


async def test_many_at_once_share_the_failure_of_one_fetch(shop: Shop, provider: FakeProvider):
    """Or each would wait for a time-out of its own, one after the other. Seen to fail with the count left out."""
    provider.faults = {"/keys": lambda: Answer({}, 500)}
    google = shop.app.state.oauth.google
    tokens = [provider.id_token() for _ in range(5)]
    outcomes = await asyncio.gather(*(google.read_id_token(token) for token in tokens), return_exceptions=True)
    assert all(isinstance(outcome, Exception) for outcome in outcomes)
    assert provider.count("/keys") == 1
