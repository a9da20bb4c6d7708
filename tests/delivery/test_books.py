"""Weight and tax category of books, over the API and by import."""

from typing import Any

import pytest

from tests.support import Shop, assert_problem

PLAIN = {"title": "Mort", "author": "Terry Pratchett", "price": "9.90"}


async def test_old_callers_get_a_book_without_a_weight(shop: Shop):
    admin = await shop.admin()
    made = await shop.client.post("/books", headers=admin.headers, json=PLAIN)
    assert made.status_code == 201
    assert (made.json()["weight_grams"], made.json()["tax_category"]) == (None, "book")


async def test_both_are_given_changed_cleared_and_shown(shop: Shop):
    admin = await shop.admin()
    given: dict[str, Any] = PLAIN | {"weight_grams": 310, "tax_category": "other"}
    book = (await shop.client.post("/books", headers=admin.headers, json=given)).json()
    assert (book["weight_grams"], book["tax_category"]) == (310, "other")
    path = f"/books/{book['id']}"
    kept = (await shop.client.put(path, headers=admin.headers, json={"price": "8.90"})).json()
    assert (kept["weight_grams"], kept["tax_category"]) == (310, "other")
    change = {"weight_grams": None, "tax_category": "ebook"}
    await shop.client.put(path, headers=admin.headers, json=change)
    shown = (await shop.client.get(path)).json()
    assert {name: shown[name] for name in change} == change
    listed = (await shop.client.get("/books", params={"q": "Mort"})).json()["items"][0]
    assert {name: listed[name] for name in change} == change


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weight_grams", 0),
        ("weight_grams", -1),
        ("weight_grams", 100_001),
        ("weight_grams", 10**30),
        ("weight_grams", "heavy"),
        ("weight_grams", 1.5),
        ("tax_category", "cake"),
        ("tax_category", None),
        ("tax_category", "book\u202e"),
        ("tax_category", 7),
    ],
)
async def test_what_they_cannot_be(shop: Shop, name: str, value: object):
    admin = await shop.admin()
    answer = await shop.client.post("/books", headers=admin.headers, json=PLAIN | {name: value})
    assert_problem(answer, 422, "VALIDATION_ERROR", name)
