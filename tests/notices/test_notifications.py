"""The list of notices: reading, counting, marking as read; each user their own."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response

from tests.notices.support import inbox, notices, notify, read, read_all, unread
from tests.statements import statements
from tests.support import Shop, assert_problem

UNKNOWN = 2_147_483_646


def following(answer: Response) -> dict[str, str] | None:
    """The query of the next page, where there is one."""
    if "link" not in answer.headers:
        return None
    target, rel = re.fullmatch(r'<(.+)>; rel="(\w+)"', answer.headers["link"]).groups()  # type: ignore[union-attr]
    assert (urlsplit(target).path, rel) == ("/notifications", "next")
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


async def test_a_new_inbox_is_empty(shop: Shop):
    person = await shop.person()
    answer = await inbox(shop, person)
    assert answer.json() == {"items": [], "unread_count": 0}
    assert answer.headers["x-total-count"] == "0"
    assert "link" not in answer.headers
    assert await unread(shop, person) == 0


async def test_a_notice_as_it_is_shown(shop: Shop):
    person = await shop.person()
    [notice] = await notify(shop, person, "Hello")
    [item] = await notices(shop, person)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", item.pop("created_at"))
    shown = {"kind": "restock", "title": "Hello", "body": "Body", "path": "/shop/books/1"}
    assert item == {"id": notice, "read_at": None} | shown


async def test_the_newest_comes_first(shop: Shop):
    person = await shop.person()
    await notify(shop, person, "1", "2")
    await notify(shop, person, "3")
    assert [item["title"] for item in await notices(shop, person)] == ["3", "2", "1"]


async def test_each_user_sees_and_marks_only_their_own(shop: Shop):
    ann, admin = await shop.person(), await shop.admin()
    [notice] = await notify(shop, ann, "For Ann")
    assert await notices(shop, admin) == []
    assert_problem(await read(shop, admin, notice), 404, "NOTICE_NOT_FOUND", "notice_id")
    assert (await read_all(shop, admin)).status_code == 204
    assert await unread(shop, ann) == 1


async def test_a_notice_is_marked_as_read_once_or_more_often(shop: Shop):
    person = await shop.person()
    first, second = await notify(shop, person, "1", "2")
    answer = await read(shop, person, first)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await unread(shop, person) == 1
    [shown] = [item for item in await notices(shop, person) if item["id"] == first]
    assert shown["read_at"] is not None
    long_ago = "UPDATE notices SET read_at = now() - interval '1 day' WHERE id = :id"
    await shop.rows(long_ago, id=first)
    assert (await read(shop, person, first)).status_code == 204
    assert await shop.scalar("SELECT read_at < now() FROM notices WHERE id = :id", id=first)
    assert [item["id"] for item in await notices(shop, person, unread="true")] == [second]


async def test_all_are_marked_as_read(shop: Shop):
    person = await shop.person()
    first, *_ = await notify(shop, person, "1", "2", "3")
    await shop.rows("UPDATE notices SET read_at = now() - interval '1 day' WHERE id = :id", id=first)
    answer = await read_all(shop, person)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await unread(shop, person) == 0
    assert (await inbox(shop, person)).json()["unread_count"] == 0
    assert len(await notices(shop, person)) == 3
    assert await shop.scalar("SELECT count(*) FROM notices WHERE read_at = now()") == 2
    assert (await read_all(shop, person)).status_code == 204


@pytest.mark.parametrize("notice", [UNKNOWN, 0, -1])
async def test_an_unknown_notice_is_not_found(shop: Shop, notice: int):
    assert_problem(await read(shop, await shop.person(), notice), 404, "NOTICE_NOT_FOUND", "notice_id")


@pytest.mark.parametrize("notice", ["x", 2**31])
async def test_what_is_no_id_is_refused(shop: Shop, notice: object):
    assert_problem(await read(shop, await shop.person(), notice), 422, "VALIDATION_ERROR", "notice_id")


async def test_pages_follow_one_another(shop: Shop):
    person = await shop.person()
    await notify(shop, await shop.person(), "Another's")
    wanted = list(reversed(await notify(shop, person, *"1234567")))
    seen: list[int] = []
    query: dict[str, str] | None = {"limit": "3"}
    while query:
        answer = await inbox(shop, person, **query)
        assert answer.headers["x-total-count"] == "7"
        assert answer.json()["unread_count"] == 7
        seen += [item["id"] for item in answer.json()["items"]]
        query = following(answer)
        if len(seen) == 3:
            await notify(shop, person, "Later")
            await shop.rows("DELETE FROM notices WHERE title = 'Later'")
    assert seen == wanted


async def test_pages_of_unread_ones_keep_the_filter(shop: Shop):
    person = await shop.person()
    ids = await notify(shop, person, *"12345")
    await read(shop, person, ids[1])
    answer = await inbox(shop, person, unread="true", limit=2)
    assert [item["id"] for item in answer.json()["items"]] == [ids[4], ids[3]]
    assert answer.headers["x-total-count"] == "4"
    query = following(answer)
    assert query
    assert query["unread"] == "true"
    last = await inbox(shop, person, **query)
    assert [item["id"] for item in last.json()["items"]] == [ids[2], ids[0]]
    assert following(last) is None


async def test_the_unread_are_counted_whatever_is_listed(shop: Shop):
    person = await shop.person()
    ids = await notify(shop, person, *"123")
    await read(shop, person, ids[0])
    for query in ({}, {"limit": 1}, {"unread": "true", "limit": 1}):
        assert (await inbox(shop, person, **query)).json()["unread_count"] == 2
    assert await unread(shop, person) == 2


async def test_a_cursor_of_another_list_or_a_damaged_one_is_refused(shop: Shop):
    ann, bob = await shop.person(), await shop.person()
    for person in (ann, bob):
        await notify(shop, person, "1", "2")
    query = following(await inbox(shop, ann, limit=1))
    assert query
    forged = shop.app.state.cursors.behind(f"notices of {ann.id}", "x")
    for person, asked in (
        (bob, query),
        (ann, query | {"unread": "true"}),
        (ann, query | {"cursor": "x" + query["cursor"]}),
        (ann, {"cursor": forged}),
    ):
        answer = await shop.client.get("/notifications", headers=person.headers, params=asked)
        assert_problem(answer, 422, "VALIDATION_ERROR", "cursor")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"unread": "perhaps"}])
async def test_what_cannot_be_asked_is_refused(shop: Shop, query: dict[str, object]):
    person = await shop.person()
    answer = await shop.client.get("/notifications", headers=person.headers, params=query)  # type: ignore[arg-type]
    assert_problem(answer, 422, "VALIDATION_ERROR", next(iter(query)))


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/unread-count"), ("POST", "/read-all"), ("POST", "/1/read")]
)
async def test_only_active_users_have_notices(shop: Shop, method: str, path: str):
    gone = await shop.person(is_active=False)
    assert_problem(await shop.client.request(method, f"/notifications{path}"), 401, "HTTP_401")
    refused = await shop.client.request(method, f"/notifications{path}", headers=gone.headers)
    assert_problem(refused, 403, "AUTH_ACCOUNT_DEACTIVATED")


async def test_a_list_of_any_length_takes_the_same_statements(shop: Shop):
    person = await shop.person()
    counts = []
    for titles in ("1", "2345"):
        await notify(shop, person, *titles)
        with statements() as seen:
            await notices(shop, person)
        counts.append(len(seen))
    assert counts == [4, 4]


async def test_an_account_takes_its_notices_along(shop: Shop):
    person = await shop.person()
    await notify(shop, person, "1")
    await shop.rows("DELETE FROM users WHERE id = :id", id=person.id)
    assert await shop.scalar("SELECT count(*) FROM notices") == 0
