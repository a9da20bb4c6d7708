"""The address book over the API (contract, section 4.16)."""

import asyncio
from typing import Any

import pytest
from httpx2 import Response

from tests.addresses.support import GERMAN, US, add
from tests.races.support import outcomes
from tests.support import Person, Shop, assert_problem


async def put(shop: Shop, person: Person, number: int, **body: Any) -> Response:
    return await shop.client.put(f"/addresses/{number}", headers=person.headers, json=body)


async def listed(shop: Shop, person: Person) -> list[dict[str, Any]]:
    answer = await shop.client.get("/addresses", headers=person.headers)
    assert answer.status_code == 200
    assert set(answer.json()) == {"items"}
    return answer.json()["items"]


async def defaults(shop: Shop, person: Person) -> list[int]:
    return [entry["id"] for entry in await listed(shop, person) if entry["is_default"]]


async def test_countries_are_listed_for_everybody(shop: Shop):
    items = (await shop.client.get("/countries")).json()["items"]
    assert len(items) > 245
    assert {"code": "CI", "name": "Côte d’Ivoire"} in items


async def test_a_form_tells_fields_labels_and_choices(shop: Shop):
    for code in ("US", "us"):
        form = (await shop.client.get(f"/countries/{code}/address-form")).json()
        assert (form["country"], form["name"]) == ("US", "United States")
        fields = {field["name"]: field for field in form["fields"]}
        assert list(fields) == ["name", "company", "street", "city", "region", "postal_code", "phone", "vat_id"]
        assert [name for name in fields if fields[name]["required"]] == ["street", "city", "region", "postal_code"]
        assert (fields["region"]["label"], fields["postal_code"]["label"]) == ("State", "ZIP code")
        assert {"code": "CA", "name": "California"} in fields["region"]["choices"]
        assert (fields["postal_code"]["example"], fields["street"]["max_length"]) == ("95014", 200)


@pytest.mark.parametrize("code", ["XX", "ZZ", "all", "U", "%00", "..%2Fus", "u" * 3000, "%F0%9F%98%80"])
async def test_there_is_no_form_of_no_country(shop: Shop, code: str):
    answer = await shop.client.get(f"/countries/{code}/address-form")
    assert answer.status_code in {404, 422}
    if code in {"XX", "ZZ", "all"}:
        assert_problem(answer, 404, "COUNTRY_NOT_FOUND")


async def test_an_address_goes_into_the_book_as_it_was_written(shop: Shop):
    person = await shop.person()
    assert await listed(shop, person) == []
    body = {"label": " Work ", "address": {**GERMAN, "company": "SAP", "vat_id": "136695976", "district": ""}}
    answer = await shop.client.post("/addresses", headers=person.headers, json=body)
    assert answer.status_code == 201
    entry = answer.json()
    empty = {"district": None, "region": None, "sorting_code": None, "phone": None}
    assert entry["address"] == {**GERMAN, "company": "SAP", "vat_id": "DE136695976", **empty}
    assert entry["lines"] == ["Änne Groß", "SAP", "Marienplatz 1", "80331 München", "Germany"]
    assert (entry["label"], entry["is_default"], entry["version"]) == ("Work", True, 1)
    assert await listed(shop, person) == [entry]
    shown = await shop.client.get(f"/addresses/{entry['id']}", headers=person.headers)
    assert shown.json() == entry
    stored = await shop.scalar("SELECT address FROM addresses")
    assert stored == {**GERMAN, "company": "SAP", "vat_id": "DE136695976"}


async def test_what_is_answered_can_be_sent_again(shop: Shop):
    person = await shop.person()
    address = await add(shop, person, US)
    entry = (await listed(shop, person))[0]
    answer = await put(shop, person, address, **{key: entry[key] for key in ("label", "address", "version")})
    assert answer.status_code == 200
    assert answer.json()["address"] == entry["address"]


async def test_one_is_the_default_as_long_as_there_is_one(shop: Shop):
    """The first, then the chosen one, then the newest of those that are left."""
    person = await shop.person()
    first = await add(shop, person, US)
    second = await add(shop, person, GERMAN)
    assert await defaults(shop, person) == [first]
    third = await add(shop, person, US, is_default=True)
    assert [entry["id"] for entry in await listed(shop, person)] == [third, second, first]
    assert await defaults(shop, person) == [third]
    answer = await shop.client.post(f"/addresses/{first}/default", headers=person.headers)
    assert (answer.status_code, answer.json()["is_default"]) == (200, True)
    await put(shop, person, first, address=GERMAN, is_default=False)
    assert await defaults(shop, person) == [first]
    await put(shop, person, second, address=GERMAN, is_default=True)
    assert await defaults(shop, person) == [second]
    for gone, left in ((second, [third]), (first, [third]), (third, [])):
        answer = await shop.client.delete(f"/addresses/{gone}", headers=person.headers)
        assert answer.status_code == 204
        assert await defaults(shop, person) == left
    assert_problem(await shop.client.delete(f"/addresses/{third}", headers=person.headers), 404, "ADDRESS_NOT_FOUND")


async def test_who_saves_over_an_unseen_change_is_told(shop: Shop):
    """Seen to overwrite it without the comparison of versions."""
    person = await shop.person()
    address = await add(shop, person, US)
    assert (await put(shop, person, address, address=GERMAN, version=1)).json()["version"] == 2
    assert_problem(await put(shop, person, address, address=US, version=1), 409, "ADDRESS_CHANGED")
    assert (await listed(shop, person))[0]["address"]["country"] == "DE"
    assert (await put(shop, person, address, address=US)).json()["version"] == 3


async def test_a_full_book_takes_no_more(shop: Shop):
    shop.bound(max_addresses=2)
    person = await shop.person()
    for _ in range(2):
        await add(shop, person, US)
    answer = await shop.client.post("/addresses", headers=person.headers, json={"address": US})
    assert_problem(answer, 409, "ADDRESS_BOOK_FULL")
    assert answer.json()["limit"] == 2
    assert len(await listed(shop, person)) == 2
    assert (await put(shop, person, (await listed(shop, person))[0]["id"], address=GERMAN)).status_code == 200


async def test_an_address_that_is_not_right_is_refused_by_its_fields(shop: Shop):
    person = await shop.person()
    address = await add(shop, person, US)
    for answer in (
        await shop.client.post(
            "/addresses", headers=person.headers, json={"address": {"country": "DE", "city": "x"}}
        ),
        await put(shop, person, address, address={"country": "DE", "city": "x"}),
    ):
        assert_problem(answer, 422, "ADDRESS_INVALID", "address.name")
        assert [field["field"] for field in answer.json()["fields"]] == [
            "address.name",
            "address.street",
            "address.postal_code",
        ]
    assert (await listed(shop, person))[0]["version"] == 1


@pytest.mark.parametrize(
    "body",
    [
        *(
            {},
            [],
            None,
            1,
            {"address": None},
            {"address": []},
            {"address": "x"},
            {"address": {}},
            {"address": {**US, "country": 1}},
        ),
        *(
            {"address": {**US, "name": "a\0b"}},
            {"address": {**US, "street": "\u202ex"}},
            {"address": {**US, "city": "x" * 101}},
        ),
        *(
            {"address": {**US, "street": "1\n2\n3\n4"}},
            {"address": {**US, "city": ["x"]}},
            {"address": {**US, "country": "XX"}},
        ),
        *(
            {"address": US, "label": "x" * 51},
            {"address": US, "label": "a\nb"},
            {"address": US, "is_default": "perhaps"},
        ),
    ],
)
async def test_bodies_that_are_none_are_refused(shop: Shop, body: Any):
    person = await shop.person()
    address = await add(shop, person, US)
    for method, path in (("POST", "/addresses"), ("PUT", f"/addresses/{address}")):
        answer = await shop.client.request(method, path, headers=person.headers, json=body)
        assert answer.status_code == 422, answer.text
    surrogate = b'{"address": {"country": "DE", "street": "\\ud800", "city": "x", "postal_code": "80331"}}'
    headers = {**person.headers, "Content-Type": "application/json"}
    assert (await shop.client.post("/addresses", headers=headers, content=surrogate)).status_code == 422
    assert len(await listed(shop, person)) == 1


@pytest.mark.parametrize("version", [0, 2**31, -(2**31) - 1, 2**70, "x", 1.5, [1]])
async def test_versions_that_are_none_change_nothing(shop: Shop, version: Any):
    person = await shop.person()
    address = await add(shop, person, US)
    assert (await put(shop, person, address, address=GERMAN, version=version)).status_code in {409, 422}
    assert (await listed(shop, person))[0]["version"] == 1


@pytest.mark.parametrize("number", ["0", "-1", "2147483648", "9" * 400, "x", "1.5", "%00"])
async def test_ids_that_are_none_find_nothing(shop: Shop, number: str):
    person = await shop.person()
    await add(shop, person, US)
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/default")):
        answer = await shop.client.request(
            method, f"/addresses/{number}{path}", headers=person.headers, json={"address": US}
        )
        assert answer.status_code in {404, 422}, (method, answer.text)
    assert len(await listed(shop, person)) == 1


async def test_the_book_is_bound_and_has_one_default_however_many_write_at_once(live: Shop):
    """Seen to hold more than its bound, and to fail with 5xx at the unique default, without the lock of the account."""
    live.bound(max_addresses=5)
    person = await live.person()

    async def post(number: int) -> Response:
        body = {"address": US, "is_default": number % 2 == 0}
        return await live.client.post("/addresses", headers=person.headers, json=body)

    answers = await asyncio.gather(*(post(number) for number in range(12)))
    assert outcomes(answers) == {"201": 5, "ADDRESS_BOOK_FULL": 7}
    ids = [entry["id"] for entry in await listed(live, person)]
    assert len(await defaults(live, person)) == 1
    changes = [live.client.post(f"/addresses/{number}/default", headers=person.headers) for number in ids]
    gone = [live.client.delete(f"/addresses/{number}", headers=person.headers) for number in ids[:2]]
    for answer in await asyncio.gather(*changes, *gone):
        assert answer.status_code in {200, 204, 404}, answer.text
    assert len(await listed(live, person)) == 3
    assert len(await defaults(live, person)) == 1


async def test_of_changes_at_once_with_one_version_one_is_kept(live: Shop):
    person = await live.person()
    address = await add(live, person, US)
    answers = await asyncio.gather(*(put(live, person, address, address=GERMAN, version=1) for _ in range(6)))
    assert outcomes(answers) == {"200": 1, "ADDRESS_CHANGED": 5}
    assert (await listed(live, person))[0]["version"] == 2


async def test_with_the_account_its_addresses_go(shop: Shop):
    person = await shop.person()
    await add(shop, person, US)
    await shop.rows("DELETE FROM users WHERE id = :id", id=person.id)
    assert await shop.scalar("SELECT count(*) FROM addresses") == 0
