"""Providers that are down, slow, huge or make no sense (contract, section 4.2)."""

import logging

import pytest

from app.accounts.oauth.http import MAX_ANSWER_BYTES
from tests.oauth.provider import Answer, FakeProvider
from tests.oauth.support import (
    NAMES,
    TOKEN_PATHS,
    Clock,
    assert_failed,
    browser,
    nobody_signed_in,
    parameters,
    point,
    sign_in,
    way_back,
)
from tests.support import Shop, assert_problem

GARBAGE = {
    "down with 500": Answer({"error": "server_error"}, 500),
    "limited": Answer({}, 429),
    "moved": Answer({}, 302, {"Location": "/token?again"}),
    "no JSON": Answer(raw=b"<html>busy</html>"),
    "no UTF-8": Answer(raw=b'{"access_token": "\xff\xfe"}'),
    "nothing": Answer(raw=b""),
    "null": Answer(None),
    "a list": Answer([1, 2]),
    "a text": Answer("token"),
    "no token": Answer({}),
    "a number for a token": Answer({"access_token": 5, "id_token": 5}),
    "too deep": Answer(raw=b"[" * 200_000),
    "endless": Answer(endless=True),
    "packed": Answer(raw=b"\x1f\x8b\x08\x00garbage", headers={"Content-Encoding": "gzip"}),
    "another length": Answer(raw=b"{}", headers={"Content-Length": "100"}),
    "refused": Answer({"error": "invalid_client"}, 401),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE.keys())
async def test_whatever_the_token_endpoint_does(shop: Shop, provider: FakeProvider, name: str, answer: Answer):
    provider.faults = {TOKEN_PATHS[name]: lambda: answer}
    refused = await sign_in(shop.app, name)
    if name == "google" and answer.content == {"access_token": 5, "id_token": 5}:
        assert_problem(refused, 401, "AUTH_OAUTH_NO_EMAIL")
    else:
        assert_failed(refused)
    assert provider.count(TOKEN_PATHS[name]) == 1
    assert await nobody_signed_in(shop)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("padding", "status"), [(MAX_ANSWER_BYTES // 2, 200), (MAX_ANSWER_BYTES, 401)])
async def test_a_right_answer_that_is_huge(shop: Shop, provider: FakeProvider, name: str, padding: int, status: int):
    """Seen to fail (200) with the bound taken out."""
    provider.padding = padding
    assert (await sign_in(shop.app, name)).status_code == status


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "answer", [Answer(delay=1), Answer(endless=True, pause=0.02)], ids=["silent", "drop by drop"]
)
async def test_a_provider_that_is_slow(shop: Shop, provider: FakeProvider, clock: Clock, name: str, answer: Answer):
    """Drop by drop: seen to fail (it never ends) without the bound on the whole."""
    point(shop.app, provider, clock, oauth_timeout_seconds=0.3)
    async with browser(shop.app) as client:
        back = await way_back(client, name)
        provider.faults = {TOKEN_PATHS[name]: lambda: answer}
        assert_failed(await client.get(back))


@pytest.mark.parametrize("name", NAMES)
async def test_a_provider_that_is_down(shop: Shop, provider: FakeProvider, clock: Clock, name: str):
    async with browser(shop.app) as client:
        back = await way_back(client, name)
        nobody = "http://127.0.0.1:1"
        point(shop.app, provider, clock, google_issuer=nobody, github_url=nobody)
        assert_failed(await client.get(back))


async def test_what_a_provider_sets_for_one_person_does_not_go_out_with_the_next(shop: Shop, provider: FakeProvider):
    """Seen to fail with the cookie jar that the HTTP client has by itself."""
    for _ in range(2):
        assert (await sign_in(shop.app, "google")).status_code == 200
    assert provider.count("/token") == 2
    assert not any("cookie" in call.headers for call in provider.calls)


async def test_the_log_tells_why_and_holds_no_secret(
    shop: Shop, provider: FakeProvider, caplog: pytest.LogCaptureFixture
):
    provider.faults = {"/token": lambda: Answer({"error": "redirect_uri_mismatch"}, 400)}
    with caplog.at_level(logging.INFO, "app"):
        async with browser(shop.app) as client:
            back = await way_back(client, "google")
            await client.get(back)
    told = "\n".join(caplog.handler.format(record) for record in caplog.records if record.name.startswith("app."))
    assert "redirect_uri_mismatch" in told
    for secret in (*parameters(back).values(), "the secret of the shop"):
        assert secret == "openid email profile" or secret not in told
