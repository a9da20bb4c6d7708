"""GET /admin/security-events."""

from typing import Any

import pytest

from app.accounts.security.kinds import REFUSALS, Kind
from tests.accounts.security import add_event
from tests.accounts.support import log_in, reader
from tests.admin.support import asked
from tests.orders.test_order_lists import NEXT, walk
from tests.support import Person, Shop, assert_problem

EVENTS = "/admin/security-events"


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()


async def ids(shop: Shop, admin: Person, **query: Any) -> list[int]:
    return [event["id"] for event in await asked(shop, admin, EVENTS, **query)]


async def test_the_list_is_for_staff_and_for_no_cache(shop: Shop, admin: Person):
    person = await shop.person()
    assert_problem(await shop.client.get(EVENTS), 401, "HTTP_401")
    assert_problem(await shop.client.get(EVENTS, headers=person.headers), 403, "AUTH_FORBIDDEN")
    answer = await shop.client.get(EVENTS, headers=admin.headers)
    assert (answer.headers["cache-control"], answer.headers["x-total-count"]) == ("no-store", "1")
    assert answer.json()[0]["kind"] == "admin_operation_refused"


async def test_it_tells_what_happened_to_whom_and_from_where(shop: Shop, admin: Person):
    person = await reader(shop)
    refused = await log_in(shop.client, person.email, "wrong horse battery")
    [event] = await asked(shop, admin, EVENTS)
    assert event["created_at"].endswith("Z")
    assert {name: event[name] for name in event if name not in {"id", "created_at", "last_at"}} == {
        "kind": "sign_in_failed",
        "outcome": "refused",
        "times": 1,
        "user_id": person.id,
        "user_email": person.email,
        "network": "127.0.0.0/24",
        "device": "App or script",
        "detail": {"reason": "wrong_password"},
        "request_id": refused.headers["x-request-id"],
    }


@pytest.mark.parametrize("kind", Kind)
async def test_each_kind_can_be_shown_and_asked_for(shop: Shop, admin: Person, kind: Kind):
    wanted = await add_event(shop, kind, detail='{"crowded": true}')
    await add_event(shop, Kind.SIGNED_IN if kind is not Kind.SIGNED_IN else Kind.SIGNED_OUT)
    [event] = await asked(shop, admin, EVENTS, kind=kind.value)
    assert (event["id"], event["outcome"]) == (wanted, "refused" if kind in REFUSALS else "success")


async def test_filters_combine_with_and(shop: Shop, admin: Person):
    ann, bob = await shop.person(email="ann@example.com"), await shop.person()
    here, there = "203.0.113.0/24", "2001:db8:7::/48"
    first = await add_event(shop, Kind.SIGNED_IN, user_id=ann.id, network=here)
    second = await add_event(shop, Kind.SIGNED_IN, user_id=bob.id, network=there)
    third = await add_event(shop, Kind.SIGN_IN_FAILED, user_id=ann.id, network=there)
    fourth = await add_event(shop, Kind.SIGN_IN_FAILED)
    assert await ids(shop, admin) == [fourth, third, second, first]
    assert await ids(shop, admin, kind="signed_in") == [second, first]
    assert await ids(shop, admin, user_id=ann.id) == [third, first]
    assert await ids(shop, admin, email="ANN@example.com") == [third, first]
    assert await ids(shop, admin, email="ann@example.co") == []
    assert await ids(shop, admin, email="ann@example.com", kind="signed_in") == [first]
    for asked_for in ("203.0.113.0/24", "203.0.113.99", "203.0.113.128/25"):
        assert await ids(shop, admin, network=asked_for) == [first]
    assert await ids(shop, admin, network="2001:db8:7:1::2", kind="sign_in_failed") == [third]


async def test_a_time_includes_its_beginning_and_excludes_its_end(shop: Shop, admin: Person):
    first = await add_event(shop, Kind.SIGNED_IN, then="timestamptz '20260301T000000Z'")
    second = await add_event(shop, Kind.SIGNED_IN, then="timestamptz '20260302T000000Z'")
    assert await ids(shop, admin, created_from="2026-03-01T00:00:00Z") == [second, first]
    assert await ids(shop, admin, created_from="2026-03-01T00:00:00.000001Z") == [second]
    assert await ids(shop, admin, created_to="2026-03-02T00:00:00") == [first]


async def test_the_links_lead_through_all_of_it_with_the_filters_kept(shop: Shop, admin: Person):
    person = await shop.person(email="ann+x@example.com")
    wanted = [await add_event(shop, Kind.SIGNED_IN, user_id=person.id, network="203.0.113.0/24") for _ in range(5)]
    await add_event(shop, Kind.SIGNED_IN, network="203.0.113.0/24")
    path = f"{EVENTS}?limit=2&network=203.0.113.9&email=ann%2Bx@example.com&kind=signed_in"
    assert await walk(shop, admin, path) == [wanted[:2:-1], wanted[2:0:-1], wanted[:1]]
    answer = await shop.client.get(path, headers=admin.headers)
    assert answer.headers["x-total-count"] == "5"
    link = NEXT.fullmatch(answer.headers["link"])
    assert link is not None
    assert "kind=signed_in&email=ann%2Bx%40example.com&network=203.0.113.0%2F24" in link[1]


async def test_a_cursor_of_other_filters_or_a_damaged_one_is_refused(shop: Shop, admin: Person):
    for _ in range(2):
        await add_event(shop, Kind.SIGNED_IN)
    answer = await shop.client.get(f"{EVENTS}?limit=1", headers=admin.headers)
    cursor = answer.headers["link"].partition("cursor=")[2].partition(">")[0]
    for query in ({"cursor": cursor, "kind": "signed_in"}, {"cursor": cursor[:-1]}, {"cursor": "x"}):
        answer = await shop.client.get(EVENTS, headers=admin.headers, params=query)
        assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "nonsense"),
        ("user_id", str(2**31)),
        ("email", "x" * 256),
        ("network", "203.0.113"),
        ("network", "203.0.113.0/33"),
        ("network", "1" * 51),
        ("created_from", "yesterday"),
        ("limit", "101"),
    ],
)
async def test_what_makes_no_sense_is_refused(shop: Shop, admin: Person, name: str, value: str):
    answer = await shop.client.get(EVENTS, headers=admin.headers, params={name: value})
    assert_problem(answer, 422, "VALIDATION_ERROR", name)
