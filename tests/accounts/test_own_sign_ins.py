"""GET /auth/me/sign-ins."""

import pytest

from app.accounts.security.kinds import Kind
from tests.accounts.security import add_event, from_address
from tests.accounts.support import bearer, log_in, reader, signed_in
from tests.orders.test_order_lists import walk
from tests.support import Shop, assert_problem

SIGN_INS = "/auth/me/sign-ins"


async def test_an_account_sees_its_sign_ins_and_those_that_were_refused(shop: Shop):
    person = await reader(shop)
    await log_in(shop.client, person.email, "wrong horse battery")
    await add_event(shop, Kind.SIGN_IN_LIMITED, user_id=person.id, detail='{"limit": "account"}', times=4)
    async with from_address(shop, "2001:db8:7:8::9") as client:
        tokens = (await log_in(client, person.email)).json()
    answer = await shop.client.get(SIGN_INS, headers=bearer(tokens))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    signed, limited, refused = answer.json()
    assert {name: signed[name] for name in signed if name not in {"id", "created_at", "last_at"}} == {
        "outcome": "success",
        "times": 1,
        "way": "password",
        "client": "app",
        "reason": None,
        "network": "2001:db8:7::/48",
        "device": "Firefox on Windows",
    }
    assert (limited["outcome"], limited["reason"], limited["times"]) == ("refused", "too_many_attempts", 4)
    assert (refused["outcome"], refused["reason"], refused["way"]) == ("refused", "wrong_password", None)
    assert signed["created_at"].endswith("Z")


async def test_it_sees_none_of_others_and_of_no_other_kind(shop: Shop):
    person, other = await reader(shop), await reader(shop)
    tokens = await signed_in(shop, person)
    await signed_in(shop, other)
    await log_in(shop.client, "nobody@example.com", "wrong horse battery")
    await shop.client.post("/auth/logout-all", headers=person.headers)
    listed = (await shop.client.get(SIGN_INS, headers=bearer(tokens))).json()
    assert [event["outcome"] for event in listed] == ["success"]


async def test_the_links_lead_through_all_of_it(shop: Shop):
    person = await shop.person()
    ids = [await add_event(shop, Kind.SIGNED_IN, user_id=person.id) for _ in range(5)]
    assert await walk(shop, person, f"{SIGN_INS}?limit=2") == [ids[:2:-1], ids[2:0:-1], ids[:1]]
    answer = await shop.client.get(f"{SIGN_INS}?limit=2", headers=person.headers)
    assert answer.headers["x-total-count"] == "5"
    cursor = answer.headers["link"].partition("cursor=")[2].partition(">")[0]
    other = await shop.person()
    refused = await shop.client.get(f"{SIGN_INS}?cursor={cursor}", headers=other.headers)
    assert_problem(refused, 422, "VALIDATION_ERROR", "cursor")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x"])
async def test_what_makes_no_sense_is_refused(shop: Shop, query: str):
    person = await shop.person()
    answer = await shop.client.get(f"{SIGN_INS}?{query}", headers=person.headers)
    assert_problem(answer, 422, "VALIDATION_ERROR", query.partition("=")[0])


async def test_it_is_for_those_who_signed_in(shop: Shop):
    assert_problem(await shop.client.get(SIGN_INS), 401, "HTTP_401")
