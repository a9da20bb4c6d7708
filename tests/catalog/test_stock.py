"""Setting and adjusting stock, and its ledger (contract, section 4.5)."""

from typing import Any

import pytest

from tests.catalog.support import NEW_BOOK, UNKNOWN, adjust, movements, set_stock
from tests.support import Shop, assert_problem

MOST = 2_147_483_647
BOOK_KEYS = {
    "id",
    *NEW_BOOK,
    "isbn",
    "genre_id",
    "description",
    "cover_image_url",
    "publish_date",
    "stock_quantity",
    "weight_grams",
    "tax_category",
}


async def ledger(shop: Shop, book: int) -> list[tuple[Any, ...]]:
    rows = await shop.rows(
        "SELECT kind, delta, quantity_after, reason, actor_user_id FROM stock_movements WHERE book_id = :id ORDER BY id",
        id=book,
    )
    return [tuple(row) for row in rows]


async def stock(shop: Shop, book: int) -> int:
    return await shop.scalar("SELECT stock_quantity FROM books WHERE id = :id", id=book)


async def test_the_stock_is_set_to_an_absolute_number(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=10)
    answer = await set_stock(shop, admin, book, 4, reason=" Stocktaking ")
    assert answer.status_code == 200
    assert set(answer.json()) == BOOK_KEYS
    assert (answer.json()["id"], answer.json()["stock_quantity"]) == (book, 4)
    assert (await set_stock(shop, admin, book, MOST)).json()["stock_quantity"] == MOST
    assert (await set_stock(shop, admin, book, 0, reason=None)).json()["stock_quantity"] == 0
    assert await ledger(shop, book) == [
        ("opening", 10, 10, None, None),
        ("set", -6, 4, "Stocktaking", admin.id),
        ("set", MOST - 4, MOST, None, admin.id),
        ("set", -MOST, 0, None, admin.id),
    ]


async def test_setting_the_present_value_writes_no_movement(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=10)
    answer = await set_stock(shop, admin, book, 10, reason="Recount")
    assert (answer.status_code, answer.json()["stock_quantity"]) == (200, 10)
    assert len(await ledger(shop, book)) == 1


async def test_an_adjustment_is_answered_with_its_movement(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=10)
    answer = await adjust(shop, admin, book, -3, " Damaged ")
    assert answer.status_code == 201
    movement = answer.json()
    assert movement == {
        "id": movement["id"],
        "book_id": book,
        "delta": -3,
        "quantity_after": 7,
        "kind": "adjustment",
        "reason": "Damaged",
        "order_id": None,
        "actor_user_id": admin.id,
        "created_at": movement["created_at"],
    }
    assert (await adjust(shop, admin, book, 5, kind="restock")).json()["kind"] == "restock"
    assert await stock(shop, book) == 12


@pytest.mark.parametrize(
    ("before", "delta"), [(3, -4), (0, -1), (0, -MOST - 1), (1, MOST), (MOST, 1), (MOST, MOST), (MOST - 1, 2)]
)
async def test_an_adjustment_out_of_range_changes_nothing(shop: Shop, before, delta):
    book = await shop.book(stock_quantity=before)
    answer = await adjust(shop, await shop.admin(), book, delta)
    assert assert_problem(answer, 409, "STOCK_OUT_OF_RANGE", "delta")["current_quantity"] == before
    assert await stock(shop, book) == before


@pytest.mark.parametrize(("before", "delta"), [(3, -3), (MOST, -MOST), (0, MOST), (MOST - 1, 1)])
async def test_an_adjustment_may_reach_either_bound(shop: Shop, before, delta):
    book = await shop.book(stock_quantity=before)
    assert (await adjust(shop, await shop.admin(), book, delta)).json()["quantity_after"] == before + delta


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("delta", value) for value in (0, 1.5, "x", None, MOST + 1, -MOST - 2)),
        *(("reason", value) for value in ("", " \t", "x" * 201, None, 5)),
        *(("kind", value) for value in ("sale", "set", "opening", "removal", "", None)),
    ],
)
async def test_what_an_adjustment_refuses(shop: Shop, field, value):
    body = {"delta": 1, "reason": "Recount", field: value}
    assert_problem(await adjust(shop, await shop.admin(), UNKNOWN, **body), 422, "VALIDATION_ERROR", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("quantity", value) for value in (-1, MOST + 1, 1.5, "x", None)),
        *(("reason", value) for value in ("x" * 201, 5)),
    ],
)
async def test_what_setting_refuses(shop: Shop, field, value):
    body = {"quantity": 1, field: value}
    assert_problem(await set_stock(shop, await shop.admin(), UNKNOWN, **body), 422, "VALIDATION_ERROR", field)


async def test_both_need_their_fields(shop: Shop):
    admin, book = await shop.admin(), await shop.book()
    for path, method, field in (("", "PATCH", "quantity"), ("/adjustments", "POST", "delta")):
        answer = await shop.client.request(method, f"/books/{book}/stock{path}", headers=admin.headers, json={})
        assert_problem(answer, 422, "VALIDATION_ERROR", field)


async def test_integers_come_in_the_shapes_json_has(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=0)
    assert (await set_stock(shop, admin, book, "3")).json()["stock_quantity"] == 3
    assert (await adjust(shop, admin, book, 2.0)).json()["quantity_after"] == 5


async def test_an_unknown_book_is_404(shop: Shop):
    admin = await shop.admin()
    for answer in (
        await set_stock(shop, admin, UNKNOWN, 1),
        await adjust(shop, admin, UNKNOWN, 1),
        await movements(shop, admin, UNKNOWN),
    ):
        assert_problem(answer, 404, "BOOK_NOT_FOUND", "book_id")


async def test_stock_is_for_admins(shop: Shop):
    person, book = await shop.person(), await shop.book()
    for answer in (
        await set_stock(shop, person, book, -1),
        await adjust(shop, person, book, 0),
        await movements(shop, person, book, page=0),
    ):
        assert_problem(answer, 403, "AUTH_FORBIDDEN")
    assert_problem(await shop.client.get(f"/books/{book}/stock/movements"), 401, "HTTP_401")


async def test_movements_are_listed_the_newest_first(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=1)
    await shop.book(stock_quantity=5)
    deltas = [adjusted.json() for adjusted in [await adjust(shop, admin, book, delta) for delta in (1, 2, 3)]]
    body = (await movements(shop, admin, book)).json()
    assert body["items"][:3] == deltas[::-1]
    assert (body["items"][3]["kind"], body["items"][3]["actor_user_id"]) == ("opening", None)
    assert {key: value for key, value in body.items() if key != "items"} == {
        "total_count": 4,
        "page": 1,
        "per_page": 20,
        "total_pages": 1,
    }


async def test_movements_are_paged(shop: Shop):
    admin, book = await shop.admin(), await shop.book(stock_quantity=1)
    for _ in range(4):
        await adjust(shop, admin, book, 1)
    body = (await movements(shop, admin, book, page=2, per_page=2)).json()
    assert [item["quantity_after"] for item in body["items"]] == [3, 2]
    assert (body["total_count"], body["page"], body["per_page"], body["total_pages"]) == (5, 2, 2, 3)
    past = (await movements(shop, admin, book, page=1_000_000, per_page=100)).json()
    assert (past["items"], past["total_count"], past["total_pages"]) == ([], 5, 1)
    for query in ({"page": 0}, {"page": 1_000_001}, {"per_page": 0}, {"per_page": 101}):
        assert_problem(await movements(shop, admin, book, **query), 422, "VALIDATION_ERROR", *query)


async def test_a_book_that_never_had_stock_has_no_movements(shop: Shop):
    book = await shop.book(stock_quantity=0)
    body = (await movements(shop, await shop.admin(), book)).json()
    assert (body["items"], body["total_count"], body["total_pages"]) == ([], 0, 0)


async def test_a_sale_stands_in_the_ledger_with_its_order(shop: Shop):
    admin, person, book = await shop.admin(), await shop.person(), await shop.book(stock_quantity=5)
    await shop.add_to_cart(person, book, 2)
    order = (await shop.checkout(person)).json()
    sale = (await movements(shop, admin, book)).json()["items"][0]
    assert (sale["kind"], sale["delta"], sale["quantity_after"], sale["order_id"]) == ("sale", -2, 3, order["id"])
