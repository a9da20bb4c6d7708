"""PATCH and DELETE /reviews/{review_id} (contract, section 4.10)."""

from typing import Any

import pytest

from tests.reviews.support import LONG_AGO, UNKNOWN, change, delete, figures, listed, show, written
from tests.support import Shop, assert_problem

THEN = LONG_AGO.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.parametrize(
    ("body", "rating", "text"),
    [
        ({"rating": 2}, 2, "Good."),
        ({"text": "Bad.\n"}, 4, "Bad.\n"),
        ({"rating": 1, "text": "Bad."}, 1, "Bad."),
        ({"text": None}, 4, None),
        ({"text": "  "}, 4, None),
        ({"rating": None, "text": None}, 4, None),
        ({"rating": "5"}, 5, "Good."),
    ],
)
async def test_only_what_is_present_changes(shop: Shop, body: dict[str, Any], rating: int, text: str | None):
    author, book = await shop.person(), await shop.book(title="Emma")
    review_id = await written(shop, book, 4, author=author, text="Good.")
    before = (await show(shop, review_id)).json()
    answer = await change(shop, author, review_id, **body)
    assert answer.status_code == 200
    changed = answer.json()
    assert changed == before | {"rating": rating, "text": text, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > changed["created_at"] == THEN
    assert (await show(shop, review_id)).json() == changed
    assert await figures(shop, book) == (rating, 1)


@pytest.mark.parametrize("body", [{}, {"rating": None}, {"id": 1, "user_id": 1, "deleted_at": None}])
async def test_nothing_present_changes_nothing(shop: Shop, body: dict[str, Any]):
    author = await shop.person()
    review_id = await written(shop, await shop.book(), author=author, text="Good.")
    before = (await show(shop, review_id)).json()
    answer = await change(shop, author, review_id, **body)
    assert (answer.status_code, answer.json()) == (200, before)
    assert before["updated_at"] == THEN


@pytest.mark.parametrize("body", [{"rating": 0}, {"rating": 6}, {"rating": 1.5}, {"text": "x" * 2001}, {"text": 1}])
async def test_what_cannot_be_is_422(shop: Shop, body: dict[str, Any]):
    author = await shop.person()
    review_id = await written(shop, await shop.book(), author=author)
    assert_problem(await change(shop, author, review_id, **body), 422, "VALIDATION_ERROR", next(iter(body)))


@pytest.mark.parametrize("body", [{}, {"rating": 1}])
async def test_a_change_is_for_the_author_alone(shop: Shop, body: dict[str, Any]):
    author, admin, other = await shop.person(), await shop.admin(), await shop.person()
    review_id = await written(shop, await shop.book(), author=author)
    assert_problem(await shop.client.patch(f"/reviews/{review_id}", json=body), 401, "HTTP_401")
    for person in (other, admin):
        assert_problem(await change(shop, person, review_id, **body), 403, "NOT_REVIEW_OWNER")
        assert_problem(await change(shop, person, review_id, rating=9), 422, "VALIDATION_ERROR", "rating")
    assert (await show(shop, review_id)).json()["rating"] == 4
    await delete(shop, author, review_id)
    for person in (author, other, admin):
        assert_problem(await change(shop, person, review_id, **body), 404, "REVIEW_NOT_FOUND")
        assert_problem(await change(shop, person, UNKNOWN, **body), 404, "REVIEW_NOT_FOUND")


async def test_an_admin_changes_and_deletes_an_own_review(shop: Shop):
    admin = await shop.admin()
    review_id = await written(shop, await shop.book(), author=admin)
    assert (await change(shop, admin, review_id, rating=1)).json()["rating"] == 1
    assert (await delete(shop, admin, review_id)).status_code == 204
    assert await shop.scalar("SELECT count(*) FROM audit_events") == 0


async def test_a_deleted_review_is_gone_from_everywhere_but_its_table(shop: Shop):
    author, book = await shop.person(), await shop.book()
    review_id, kept = await written(shop, book, 1, author=author), await written(shop, book, 5)
    answer = await delete(shop, author, review_id)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await delete(shop, author, review_id), 404, "REVIEW_NOT_FOUND")
    assert_problem(await show(shop, review_id), 404, "REVIEW_NOT_FOUND")
    found = await listed(shop, book)
    assert ([item["id"] for item in found["items"]], found["total"]) == ([kept], 1)
    assert await figures(shop, book) == (5.0, 1)
    admin = await shop.admin()
    moderated = (await shop.client.get("/admin/reviews", headers=admin.headers)).json()
    assert [item["id"] for item in moderated["items"]] == [kept]
    assert await shop.scalar("SELECT deleted_at = now() FROM reviews WHERE id = :id", id=review_id)
    assert await shop.scalar("SELECT count(*) FROM audit_events") == 0


async def test_a_deletion_is_for_author_and_staff(shop: Shop):
    author, other = await shop.person(), await shop.person()
    review_id = await written(shop, await shop.book(), author=author)
    assert_problem(await shop.client.delete(f"/reviews/{review_id}"), 401, "HTTP_401")
    assert_problem(await delete(shop, other, review_id), 403, "NOT_REVIEW_OWNER")
    assert_problem(await delete(shop, other, UNKNOWN), 404, "REVIEW_NOT_FOUND")
    assert (await delete(shop, await shop.admin(), review_id)).status_code == 204
    for person in (author, other, await shop.admin()):
        assert_problem(await delete(shop, person, review_id), 404, "REVIEW_NOT_FOUND")


async def test_what_staff_delete_stands_in_the_audit_trail(shop: Shop):
    author, admin, book = await shop.person(), await shop.admin(), await shop.book()
    review_id = await written(shop, book, 1, author=author, text="Rude words.")
    await delete(shop, admin, review_id)
    rows = await shop.rows(
        "SELECT actor_user_id, actor_email, action, subject, subject_id, before, after FROM audit_events"
    )
    before = {"rating": 1, "text": "Rude words.", "user_id": author.id, "book_id": book}
    assert rows == [(admin.id, admin.email, "review.deleted", "review", review_id, before, None)]
