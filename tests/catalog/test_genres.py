"""GET and POST /genres (contract, section 4.3)."""

import asyncio

import pytest

from tests.support import Shop, assert_problem


async def create(shop: Shop, person, **body):
    return await shop.client.post("/genres", headers=person.headers, json=body)


async def test_genres_are_an_array_by_name_in_code_point_order(shop: Shop):
    names = ["émile", "b", "Z", "a", "Ä"]
    made = {name: await shop.genre(name) for name in names}
    answer = await shop.client.get("/genres")
    assert answer.status_code == 200
    assert answer.json() == [{"id": made[name], "name": name} for name in sorted(names)]


async def test_a_new_genre_is_trimmed_and_answered(shop: Shop):
    answer = await create(shop, await shop.admin(), name="  Science fiction ")
    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], "name": "Science fiction"}
    assert (await shop.client.get("/genres")).json() == [answer.json()]


async def test_exactly_the_same_name_is_a_conflict_and_case_counts(shop: Shop):
    admin = await shop.admin()
    assert (await create(shop, admin, name="Poetry")).status_code == 201
    assert_problem(await create(shop, admin, name=" Poetry"), 409, "GENRE_CONFLICT", "name")
    assert (await create(shop, admin, name="poetry")).status_code == 201


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\x7fb", None, 5])
async def test_a_name_has_1_to_100_characters_and_no_control_characters(shop: Shop, name):
    assert_problem(await create(shop, await shop.admin(), name=name), 422, "VALIDATION_ERROR", "name")


async def test_a_name_of_100_characters_passes(shop: Shop):
    assert (await create(shop, await shop.admin(), name=" " + "ü" * 100)).status_code == 201


async def test_only_admins_create_genres(shop: Shop):
    assert_problem(await shop.client.post("/genres", json={}), 401, "HTTP_401")
    assert_problem(await create(shop, await shop.person()), 403, "AUTH_FORBIDDEN")


async def test_of_simultaneous_equal_genres_one_is_created_and_the_rest_conflict(live: Shop):
    """Seen to fail (500, the unique key) with the ON CONFLICT clause taken out."""
    admin = await live.admin()
    answers = await asyncio.gather(*(create(live, admin, name="Poetry") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_a_shop_has_as_many_genres_as_the_setting_says(shop: Shop):
    shop.bound(max_genres=2)
    admin = await shop.admin()
    for name in ("Poetry", "Drama"):
        assert (await create(shop, admin, name=name)).status_code == 201
    assert assert_problem(await create(shop, admin, name="Prose"), 409, "GENRE_LIMIT")["limit"] == 2
    assert_problem(await create(shop, admin, name="Drama"), 409, "GENRE_CONFLICT", "name")
