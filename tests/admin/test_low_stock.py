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


async def test_an_answer_has_as_many_books_as_the_setting_says_and_a_link_to_the_others(shop: Shop, admin: Person):
    """Seen to fail without the LIMIT. The figure tells all of them."""
    books = [await shop.book(stock_quantity=number % 3) for number in range(8)]
    in_order = sorted(books, key=lambda book: (books.index(book) % 3, book))
    for most, query, sizes in ((8, "", [8]), (3, "", [3, 3, 2]), (100, "limit=5", [5, 3]), (4, "limit=5", [4, 4])):
        shop.bound(max_low_stock_rows=most)
        found, at = [], f"{PATH}?threshold=5&{query}"
        while at:
            answer = await shop.client.get(at, headers=admin.headers)
            assert (answer.json()["total_low_stock"], answer.headers["x-total-count"]) == (8, "8")
            found.append([item["book_id"] for item in answer.json()["items"]])
            at = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert [len(page) for page in found] == sizes
        assert [one for page in found for one in page] == in_order


async def test_a_cursor_of_another_threshold_is_refused(shop: Shop, admin: Person):
    for _ in range(2):
        await shop.book(stock_quantity=0)
    link = (await shop.client.get(f"{PATH}?limit=1", headers=admin.headers)).headers["link"]
    cursor = link.partition("cursor=")[2].partition(">")[0]
    for query in (f"threshold=3&cursor={cursor}", "cursor=x", "limit=0", "limit=2147483648"):
        answer = await shop.client.get(f"{PATH}?{query}", headers=admin.headers)
        assert_problem(answer, 422, "VALIDATION_ERROR", "limit" if "limit" in query else "cursor")
