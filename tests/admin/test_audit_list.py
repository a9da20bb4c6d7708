"""GET /admin/audit."""

from typing import Any

import pytest

from tests.admin.support import asked
from tests.orders.test_order_lists import NEXT, walk
from tests.support import Person, Shop, assert_problem

AUDIT = "/admin/audit"


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()


async def noted(shop: Shop, action: str, subject_id: int | None = None, **columns: Any) -> int:
    """The id of a row of the trail."""
    row = {"action": action, "subject": action.split(".", maxsplit=1)[0], "subject_id": subject_id} | columns
    moment = row.pop("created_at", None)
    names = ", ".join(["created_at", *row])
    places = ", ".join([f"timestamptz '{moment}'" if moment else "now()", *(f":{name}" for name in row)])
    return await shop.scalar(f"INSERT INTO audit_events ({names}) VALUES ({places}) RETURNING id", **row)


async def ids(shop: Shop, admin: Person, **query: Any) -> list[int]:
    return [event["id"] for event in await asked(shop, admin, AUDIT, **query)]


async def test_the_trail_is_for_staff_and_for_no_cache(shop: Shop, admin: Person):
    reader = await shop.person()
    assert_problem(await shop.client.get(AUDIT), 401, "HTTP_401")
    assert_problem(await shop.client.get(AUDIT, headers=reader.headers), 403, "AUTH_FORBIDDEN")
    answer = await shop.client.get(AUDIT, headers=admin.headers)
    assert (answer.json(), answer.headers["cache-control"]) == ([], "no-store")


async def test_it_says_who_did_what_before_and_after(shop: Shop, admin: Person):
    book = await shop.book(title="Old", price=10)
    await shop.client.put(f"/books/{book}", headers=admin.headers, json={"title": "New"})
    [event] = await asked(shop, admin, AUDIT)
    assert {name: event[name] for name in event if name not in {"id", "created_at"}} == {
        "actor_user_id": admin.id,
        "actor_email": admin.email,
        "action": "book.changed",
        "subject": "book",
        "subject_id": book,
        "before": {"title": "Old"},
        "after": {"title": "New"},
    }
    assert event["created_at"].endswith("Z")


async def test_the_newest_come_first_then_the_greater_id(shop: Shop, admin: Person):
    first, second = await noted(shop, "a.b"), await noted(shop, "a.b")
    old = await noted(shop, "a.b", created_at="20200101T000000Z")
    assert await ids(shop, admin) == [second, first, old]


async def test_filters_combine_with_and(shop: Shop, admin: Person):
    other = await shop.admin()
    changed = await noted(shop, "book.changed", 7, actor_user_id=admin.id)
    removed = await noted(shop, "book.removed", 7, actor_user_id=other.id)
    order = await noted(shop, "order.cancelled", 7, actor_user_id=admin.id)
    eighth = await noted(shop, "book.changed", 8)
    assert await ids(shop, admin, action="book.changed") == [eighth, changed]
    assert await ids(shop, admin, subject="book") == [eighth, removed, changed]
    assert await ids(shop, admin, subject="book", subject_id=7) == [removed, changed]
    assert await ids(shop, admin, actor_user_id=admin.id) == [order, changed]
    assert await ids(shop, admin, actor_user_id=admin.id, subject="book") == [changed]
    assert await ids(shop, admin, action="book") == []


async def test_a_time_includes_its_beginning_and_excludes_its_end(shop: Shop, admin: Person):
    first = await noted(shop, "a.b", created_at="20260301T000000Z")
    second = await noted(shop, "a.b", created_at="20260302T000000Z")
    assert await ids(shop, admin, created_from="2026-03-01T00:00:00Z") == [second, first]
    assert await ids(shop, admin, created_from="2026-03-01T00:00:00.000001Z") == [second]
    assert await ids(shop, admin, created_to="2026-03-02T00:00:00") == [first]
    assert await ids(shop, admin, created_from="2026-03-02", created_to="2026-03-03") == [second]


async def test_the_links_lead_through_all_of_it_with_the_filters_kept(shop: Shop, admin: Person):
    wanted = [await noted(shop, "book.changed", number) for number in range(5)]
    wanted += [await noted(shop, "book.changed", 9, created_at="20260301T000000Z")]
    await noted(shop, "genre.created", 1)
    path = f"{AUDIT}?limit=2&subject=book&created_from=2026-01-01T02:00:00%2B02:00"
    newest = [*wanted[4::-1], wanted[5]]
    assert await walk(shop, admin, path) == [newest[:2], newest[2:4], newest[4:]]
    answer = await shop.client.get(path, headers=admin.headers)
    assert answer.headers["x-total-count"] == "6"
    link = NEXT.fullmatch(answer.headers["link"])
    assert link is not None
    assert link[1].startswith(f"{AUDIT}?limit=2&cursor=")
    assert "subject=book&created_from=2026-01-01T00%3A00%3A00%2B00%3A00" in link[1]


async def test_a_row_with_a_great_id_can_be_passed(shop: Shop, admin: Person):
    """The ids of the trail are larger than those of orders may be."""
    last = await noted(shop, "a.b")
    await noted(shop, "a.b", id=2**63 - 1)
    assert [page[-1] for page in await walk(shop, admin, f"{AUDIT}?limit=1")] == [2**63 - 1, last]


async def test_a_cursor_of_other_filters_or_a_damaged_one_is_refused(shop: Shop, admin: Person):
    for _ in range(2):
        await noted(shop, "book.changed", 7)
    answer = await shop.client.get(f"{AUDIT}?limit=1", headers=admin.headers)
    cursor = answer.headers["link"].partition("cursor=")[2].partition(">")[0]
    assert len(await asked(shop, admin, AUDIT, cursor=cursor)) == 1
    for query in ({"cursor": cursor, "subject": "book"}, {"cursor": cursor[:-1]}, {"cursor": "x"}):
        answer = await shop.client.get(AUDIT, headers=admin.headers, params=query)
        assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("subject_id", {"subject_id": "7"}),
        ("subject_id", {"subject": "book", "subject_id": "x"}),
        ("actor_user_id", {"actor_user_id": str(2**31)}),
        ("created_from", {"created_from": "yesterday"}),
        ("created_to", {"created_to": "1763800000"}),
        ("action", {"action": "x" * 61}),
        ("subject", {"subject": "x" * 41}),
        ("limit", {"limit": "0"}),
        ("limit", {"limit": "101"}),
    ],
)
async def test_what_makes_no_sense_is_refused(shop: Shop, admin: Person, name: str, query: dict[str, str]):
    answer = await shop.client.get(AUDIT, headers=admin.headers, params=query)
    assert_problem(answer, 422, "VALIDATION_ERROR", name)
