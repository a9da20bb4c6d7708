"""GET and PATCH /auth/me (contract, section 4.1)."""

import pytest

from tests.support import Shop, assert_problem


async def test_the_account_has_exactly_these_members(shop: Shop):
    person = await shop.person(email="ada@example.com", display_name="Ada")
    answer = await shop.client.get("/auth/me", headers=person.headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    created_at = body.pop("created_at")
    assert len(created_at) == 27
    assert created_at.endswith("Z")
    assert body == {
        "id": person.id,
        "email": "ada@example.com",
        "full_name": None,
        "display_name": "Ada",
        "email_verified": False,
        "role": "user",
        "is_active": True,
        "restock_mails": True,
    }


async def test_without_a_chosen_name_the_account_is_reader_and_number(shop: Shop):
    person = await shop.person()
    body = (await shop.client.get("/auth/me", headers=person.headers)).json()
    assert body["display_name"] == f"Reader {person.id}"


async def change(shop: Shop, headers: dict[str, str], **body: object):
    return await shop.client.patch("/auth/me", headers=headers, json=body)


@pytest.mark.parametrize(
    ("given", "kept"), [("Ada", "Ada"), ("  Ada L.  ", "Ada L."), ("é" * 50, "é" * 50), ("📚", "📚")]
)
async def test_a_name_is_trimmed_and_kept(shop: Shop, given: str, kept: str):
    person = await shop.person()
    answer = await change(shop, person.headers, display_name=given)
    assert answer.status_code == 200
    assert answer.json()["display_name"] == kept
    assert (await shop.client.get("/auth/me", headers=person.headers)).json() == answer.json()


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 51, "a\nb", "a\tb", "\n", "a\x7fb", "a\x85b", "a\x00b", 7, ["Ada"]]
)
@pytest.mark.parametrize("path", ["/auth/me", "/auth/register"])
async def test_names_that_are_none_are_422(shop: Shop, name: object, path: str):
    person = await shop.person()
    method = "PATCH" if path == "/auth/me" else "POST"
    body = {"display_name": name, "email": "a@example.com", "password": "long enough"}
    answer = await shop.client.request(method, path, headers=person.headers, json=body)
    field = None if name == "a\x00b" else "display_name"
    assert_problem(answer, 422, "VALIDATION_ERROR", field)


async def test_null_takes_the_name_back_and_absence_leaves_it(shop: Shop):
    person = await shop.person(display_name="Ada")
    assert (await change(shop, person.headers)).json()["display_name"] == "Ada"
    answer = await change(shop, person.headers, display_name=None)
    assert answer.json()["display_name"] == f"Reader {person.id}"


async def test_nothing_else_can_be_changed(shop: Shop):
    person = await shop.person()
    body = (await change(shop, person.headers, role="admin", email="x@example.com", is_active=False)).json()
    assert (body["role"], body["email"], body["is_active"]) == ("user", person.email, True)


async def test_a_name_chosen_at_registration_is_kept(shop: Shop):
    body = {"email": "ada@example.com", "password": "long enough", "display_name": " Ada "}
    token = (await shop.client.post("/auth/register", json=body)).json()["access_token"]
    me = await shop.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["display_name"] == "Ada"
