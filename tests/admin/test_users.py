"""GET /admin/users, and who is let in."""

from typing import Any

import pytest

from app.accounts.errors import AccountDeactivated, LastAdmin, UserNotFound
from app.accounts.models import UserRole
from tests.accounts.support import bearer, log_in, reader, refresh, signed_in
from tests.admin.support import asked, by_command
from tests.support import Person, Shop, assert_problem

USERS = "/admin/users"


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()


async def ids(shop: Shop, admin: Person, **query: Any) -> list[int]:
    return [account["id"] for account in (await asked(shop, admin, USERS, **query))["items"]]


async def deactivate(shop: Shop, admin: Person, user_id: int):
    return await shop.client.patch(f"{USERS}/{user_id}/deactivate", headers=admin.headers)


async def reactivate(shop: Shop, admin: Person, user_id: int):
    return await shop.client.patch(f"{USERS}/{user_id}/reactivate", headers=admin.headers)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", USERS), ("PATCH", f"{USERS}/1/deactivate"), ("PATCH", f"{USERS}/1/reactivate")]
)
async def test_accounts_are_for_staff_and_for_no_cache(shop: Shop, admin: Person, method: str, path: str):
    person = await shop.person()
    assert_problem(await shop.client.request(method, path), 401, "HTTP_401")
    assert_problem(await shop.client.request(method, path, headers=person.headers), 403, "AUTH_FORBIDDEN")
    for headers in ({}, person.headers, admin.headers):
        answer = await shop.client.request(method, path, headers=headers)
        assert answer.headers["cache-control"] == "no-store"


async def test_the_newest_come_first_then_the_greater_id(shop: Shop, admin: Person):
    people = [(await shop.person()).id for _ in range(3)]
    await shop.rows("UPDATE users SET created_at = now() - interval '1 hour' WHERE id = :id", id=people[2])
    assert await ids(shop, admin) == [people[1], people[0], admin.id, people[2]]


async def test_an_account_is_shown_as_to_its_owner(shop: Shop, admin: Person):
    person = await shop.person(display_name="Ada")
    mine = (await shop.client.get("/auth/me", headers=person.headers)).json()
    assert (await asked(shop, admin, USERS))["items"][0] == mine
    assert set(mine) == {
        "restock_mails",
        *("id", "email", "full_name", "display_name", "email_verified", "role", "is_active", "created_at"),
    }


async def test_the_list_comes_in_pages(shop: Shop, admin: Person):
    people = [(await shop.person()).id for _ in range(4)]
    pages = [await asked(shop, admin, USERS, per_page=2, page=page) for page in (1, 2, 3, 4)]
    found = [[account["id"] for account in page["items"]] for page in pages]
    assert found == [people[:1:-1], people[1::-1], [admin.id], []]
    for number, page in enumerate(pages, 1):
        told = {name: page[name] for name in page if name != "items"}
        assert told == {"total_count": 5, "page": number, "per_page": 2, "total_pages": 3}


async def test_an_empty_list_has_no_pages(shop: Shop, admin: Person):
    body = await asked(shop, admin, USERS, is_active="false")
    assert body == {"items": [], "total_count": 0, "page": 1, "per_page": 20, "total_pages": 0}


async def test_twenty_come_unless_told_otherwise(shop: Shop, admin: Person):
    for _ in range(20):
        await shop.person()
    body = await asked(shop, admin, USERS)
    assert (len(body["items"]), body["total_count"], body["total_pages"]) == (20, 21, 2)


async def test_filters_combine_with_and(shop: Shop, admin: Person):
    person, gone = await shop.person(), await shop.person(is_active=False)
    former = await shop.person(role=UserRole.ADMIN, is_active=False)
    assert await ids(shop, admin, role="admin") == [former.id, admin.id]
    assert await ids(shop, admin, role="user") == [gone.id, person.id]
    assert await ids(shop, admin, role="user", is_active="true") == [person.id]
    assert await ids(shop, admin, role="admin", is_active="false") == [former.id]


@pytest.mark.parametrize("yes", ["true", "1", "yes", "on"])
async def test_active_can_be_said_in_many_ways(shop: Shop, admin: Person, yes: str):
    await shop.person(is_active=False)
    assert await ids(shop, admin, is_active=yes) == [admin.id]


@pytest.mark.parametrize("no", ["false", "0", "no", "off"])
async def test_and_so_can_inactive(shop: Shop, admin: Person, no: str):
    gone = await shop.person(is_active=False)
    assert await ids(shop, admin, is_active=no) == [gone.id]


async def test_people_are_found_by_part_of_the_address(shop: Shop, admin: Person):
    ann = await shop.person(email="ann_lee%x@example.com")
    other = await shop.person(email="annxlee@example.com")
    assert await ids(shop, admin, email="ANN_lee%") == [ann.id]
    assert await ids(shop, admin, email="ann") == [other.id, ann.id]
    assert await ids(shop, admin, email="lee@example", role="admin") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("role", "ADMIN"),
        ("role", "staff"),
        ("role", ""),
        ("is_active", "maybe"),
        ("is_active", "2"),
        ("page", "0"),
        ("page", "1000001"),
        ("per_page", "0"),
        ("per_page", "101"),
        ("email", "x" * 256),
    ],
)
async def test_what_makes_no_sense_is_refused(shop: Shop, admin: Person, name: str, value: str):
    answer = await shop.client.get(USERS, headers=admin.headers, params={name: value})
    assert_problem(answer, 422, "VALIDATION_ERROR", name)


async def test_the_deactivated_are_locked_out_at_once(shop: Shop, admin: Person):
    person = await reader(shop)
    sessions = [await signed_in(shop, person) for _ in range(2)]
    answer = await deactivate(shop, admin, person.id)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["is_active"]) == (person.id, False)
    for tokens in sessions:
        me = await shop.client.get("/auth/me", headers=bearer(tokens))
        assert (
            assert_problem(me, 403, "AUTH_ACCOUNT_DEACTIVATED")["detail"] == "Account deactivated. Contact support."
        )
        assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert_problem(await log_in(shop.client, person.email), 403, "AUTH_ACCOUNT_DEACTIVATED")
    assert await shop.scalar("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL") == 0


async def test_nobody_else_is_locked_out(shop: Shop, admin: Person):
    person, neighbour = await reader(shop), await reader(shop)
    theirs = await signed_in(shop, neighbour)
    await deactivate(shop, admin, person.id)
    assert (await shop.client.get("/auth/me", headers=bearer(theirs))).status_code == 200
    assert (await refresh(shop.client, theirs["refresh_token"])).status_code == 200


async def test_a_second_deactivation_changes_nothing(shop: Shop, admin: Person):
    person = await shop.person()
    first, second = [await deactivate(shop, admin, person.id) for _ in range(2)]
    assert (second.status_code, second.json()) == (200, first.json())


async def test_admins_cannot_be_deactivated_nor_can_the_caller(shop: Shop, admin: Person):
    other, former = await shop.admin(), await shop.person(role=UserRole.ADMIN, is_active=False)
    for person in (other, admin, former):
        body = assert_problem(await deactivate(shop, admin, person.id), 403, "ADMN_CANNOT_DEACTIVATE_ADMIN")
        assert body["detail"] == "Cannot deactivate admin accounts"
    assert await shop.scalar("SELECT count(*) FROM users WHERE is_active") == 2


async def test_the_reactivated_come_in_again_but_not_with_the_old_tokens(shop: Shop, admin: Person):
    person = await reader(shop)
    tokens = await signed_in(shop, person)
    await deactivate(shop, admin, person.id)
    first, second = [await reactivate(shop, admin, person.id) for _ in range(2)]
    assert (first.status_code, first.json()["is_active"], second.json()) == (200, True, first.json())
    assert_problem(await refresh(shop.client, tokens["refresh_token"]), 401, "AUTH_TOKEN_REUSE")
    assert (await log_in(shop.client, person.email)).status_code == 200
    assert (await shop.client.get("/auth/me", headers=bearer(tokens))).status_code == 200


@pytest.mark.parametrize("change", ["deactivate", "reactivate"])
async def test_an_account_must_be_there(shop: Shop, admin: Person, change: str):
    for user_id in ("2147483646", "-1"):
        answer = await shop.client.patch(f"{USERS}/{user_id}/{change}", headers=admin.headers)
        assert_problem(answer, 404, "USER_NOT_FOUND", "user_id")
    for user_id in ("x", "2147483648"):
        answer = await shop.client.patch(f"{USERS}/{user_id}/{change}", headers=admin.headers)
        assert_problem(answer, 422, "VALIDATION_ERROR", "user_id")


async def test_a_promotion_and_a_demotion_bite_at_once(shop: Shop, admin: Person):
    """The role is read from the row at every request, never from the token."""
    person = await shop.person()
    await by_command(shop, "promote", person.email)
    assert (await shop.client.get(USERS, headers=person.headers)).status_code == 200
    await by_command(shop, "demote", person.email)
    assert_problem(await shop.client.get(USERS, headers=person.headers), 403, "AUTH_FORBIDDEN")


async def test_the_last_active_admin_is_never_demoted(shop: Shop, admin: Person):
    await shop.person(role=UserRole.ADMIN, is_active=False)
    with pytest.raises(LastAdmin):
        await by_command(shop, "demote", admin.email)
    other = await shop.admin()
    await by_command(shop, "demote", admin.email)
    with pytest.raises(LastAdmin):
        await by_command(shop, "demote", other.email)


async def test_an_inactive_admin_can_be_demoted_and_then_deactivated(shop: Shop, admin: Person):
    former = await shop.person(role=UserRole.ADMIN, is_active=False)
    await by_command(shop, "demote", former.email)
    assert (await deactivate(shop, admin, former.id)).status_code == 200


async def test_who_is_no_admin_can_be_demoted_to_no_effect(shop: Shop, admin: Person):
    person = await shop.person()
    assert (await by_command(shop, "demote", person.email)).role == "user"


async def test_the_deactivated_are_not_promoted(shop: Shop):
    gone = await shop.person(is_active=False)
    with pytest.raises(AccountDeactivated):
        await by_command(shop, "promote", gone.email)
    assert await shop.scalar("SELECT role FROM users WHERE id = :id", id=gone.id) == "USER"


@pytest.mark.parametrize("change", ["promote", "demote"])
async def test_nobody_has_that_address(shop: Shop, change: str):
    with pytest.raises(UserNotFound, match="address"):
        await by_command(shop, change, "nobody@example.com")
