"""GET /admin/analytics/inventory/low-stock."""

import pytest

from tests.admin.support import asked
from tests.support import Person, Shop, assert_problem

PATH = "/admin/analytics/inventory/low-stock"


@pytest.fixture
async def admin(shop: Shop) -> Person:
    return await shop.admin()


async def test_the_report_is_for_staff(shop: Shop):
    reader = await shop.person()
    assert_problem(await shop.client.get(PATH), 401, "HTTP_401")
    assert_problem(await shop.client.get(PATH, headers=reader.headers), 403, "AUTH_FORBIDDEN")


async def test_books_with_ten_copies_or_fewer_are_listed_the_least_stock_first(shop: Shop, admin: Person):
    ten = await shop.book(title="Ten", author="A", stock_quantity=10)
    await shop.book(stock_quantity=11)
    none, one, none_too = [await shop.book(stock_quantity=number) for number in (0, 1, 0)]
    body = await asked(shop, admin, PATH)
    assert set(body) == {"threshold", "total_low_stock", "items"}
    assert (body["threshold"], body["total_low_stock"]) == (10, 4)
    assert [item["book_id"] for item in body["items"]] == [none, none_too, one, ten]
    last = {"book_id": ten, "title": "Ten", "author": "A", "current_stock": 10, "threshold": 10}
    assert body["items"][-1] == last


async def test_the_threshold_can_be_chosen(shop: Shop, admin: Person):
    empty, full = await shop.book(stock_quantity=0), await shop.book(stock_quantity=2_147_483_647)
    found = {}
    for threshold in (0, 2_147_483_646, 2_147_483_647):
        body = await asked(shop, admin, PATH, threshold=threshold)
        found[threshold] = [item["book_id"] for item in body["items"]]
        assert {item["threshold"] for item in body["items"]} == {body["threshold"]} == {threshold}
    assert found == {0: [empty], 2_147_483_646: [empty], 2_147_483_647: [empty, full]}


async def test_an_empty_report_is_a_list_as_well(shop: Shop, admin: Person):
    assert await asked(shop, admin, PATH) == {"threshold": 10, "total_low_stock": 0, "items": []}


async def test_titles_come_as_they_are(shop: Shop, admin: Person):
    title = 'Ö "quoted" \\ back/slash \u2028 📚 </script>'
    await shop.book(title=title, stock_quantity=0)
    answer = await shop.client.get(PATH, headers=admin.headers)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["items"][0]["title"] == title


@pytest.mark.parametrize("threshold", ["-1", "x", "2147483648", "1.5", ""])
async def test_a_threshold_that_makes_no_sense_is_refused(shop: Shop, admin: Person, threshold: str):
    answer = await shop.client.get(PATH, headers=admin.headers, params={"threshold": threshold})
    assert_problem(answer, 422, "VALIDATION_ERROR", "threshold")
