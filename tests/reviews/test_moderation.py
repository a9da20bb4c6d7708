"""GET /admin/reviews and DELETE /admin/reviews/bulk (contract, section 4.12)."""

from typing import Any

import pytest

from tests.reviews.support import LONG_AGO, UNKNOWN, change, delete, delete_all, figures, review, show, written
from tests.statements import statements
from tests.support import Person, Shop, assert_problem

THEN = LONG_AGO.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def moderated(shop: Shop, admin: Person, **query: Any) -> dict[str, Any]:
    """The answer of GET /admin/reviews, which must be 200."""
    answer = await shop.client.get("/admin/reviews", headers=admin.headers, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def ids(shop: Shop, admin: Person, **query: Any) -> list[int]:
    found = await moderated(shop, admin, **query)
    assert found["total_count"] == len(found["items"])
    return [item["id"] for item in found["items"]]


async def test_staff_see_author_and_book(shop: Shop):
    admin, author = await shop.admin(), await shop.person(display_name="Ada")
    book = await shop.book(title="Emma")
    named, nameless = await written(shop, book, 2, author=author, text="Well."), await written(shop, book)
    stranger = await shop.scalar("SELECT user_id FROM reviews WHERE id = :id", id=nameless)
    found = await moderated(shop, admin)
    assert {name: value for name, value in found.items() if name != "items"} == {
        "total_count": 2,
        "page": 1,
        "per_page": 20,
        "total_pages": 1,
    }
    assert found["items"] == [
        {
            "id": nameless,
            "rating": 4,
            "text": None,
            "created_at": THEN,
            "updated_at": THEN,
            "author": {"user_id": stranger, "display_name": f"Reader {stranger}"},
            "book": {"book_id": book, "title": "Emma"},
        },
        {
            "id": named,
            "rating": 2,
            "text": "Well.",
            "created_at": THEN,
            "updated_at": THEN,
            "author": {"user_id": author.id, "display_name": "Ada"},
            "book": {"book_id": book, "title": "Emma"},
        },
    ]


async def test_orders_with_ties_by_the_greater_id(shop: Shop):
    admin, book = await shop.admin(), await shop.book()
    a = await written(shop, book, 3, days=1)
    b = await written(shop, book, 5, days=0)
    c = await written(shop, book, 3, days=2)
    d = await written(shop, book, 1, days=1)
    assert await ids(shop, admin) == [c, d, a, b]
    assert await ids(shop, admin, sort_by="date", sort_dir="desc") == [c, d, a, b]
    assert await ids(shop, admin, sort_dir="asc") == [b, d, a, c]
    assert await ids(shop, admin, sort_by="rating") == [b, c, a, d]
    assert await ids(shop, admin, sort_by="rating", sort_dir="asc") == [d, c, a, b]


async def test_filters_combine(shop: Shop):
    admin, ann, bob = await shop.admin(), await shop.person(), await shop.person()
    emma, dune = await shop.book(), await shop.book()
    by_ann = [await written(shop, book, rating, author=ann) for book, rating in ((emma, 1), (dune, 3))]
    by_bob = [await written(shop, book, rating, author=bob) for book, rating in ((emma, 5), (dune, 4))]
    assert await ids(shop, admin, book_id=emma) == [by_bob[0], by_ann[0]]
    assert await ids(shop, admin, user_id=ann.id) == [by_ann[1], by_ann[0]]
    assert await ids(shop, admin, rating_min=4) == [by_bob[1], by_bob[0]]
    assert await ids(shop, admin, rating_max=3) == [by_ann[1], by_ann[0]]
    assert await ids(shop, admin, rating_min=3, rating_max=4) == [by_bob[1], by_ann[1]]
    assert await ids(shop, admin, user_id=bob.id, book_id=dune, rating_min=4, rating_max=4) == [by_bob[1]]
    assert await ids(shop, admin, user_id=bob.id, book_id=dune, rating_min=5) == []
    for nothing in ({"rating_min": 4, "rating_max": 3}, {"book_id": UNKNOWN}, {"user_id": UNKNOWN}, {"user_id": -1}):
        found = await moderated(shop, admin, **nothing)
        assert (found["items"], found["total_count"], found["total_pages"]) == ([], 0, 0)
    await delete(shop, ann, by_ann[0])
    assert await ids(shop, admin, book_id=emma) == [by_bob[0]]


async def test_pages(shop: Shop):
    admin, book = await shop.admin(), await shop.book()
    found = [await written(shop, book) for _ in range(5)][::-1]
    pages = [await moderated(shop, admin, page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert [[item["id"] for item in page["items"]] for page in pages] == [found[:2], found[2:4], found[4:], []]
    assert {(page["total_count"], page["per_page"], page["total_pages"]) for page in pages} == {(5, 2, 3)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "query",
    [
        "rating_min=0",
        "rating_min=6",
        "rating_max=0",
        "rating_max=6",
        "rating_min=x",
        "sort_by=title",
        "sort_dir=up",
        "book_id=2147483648",
        "user_id=x",
        "page=0",
        "page=1000001",
        "per_page=0",
        "per_page=101",
    ],
)
async def test_what_cannot_be_asked_is_422(shop: Shop, query: str):
    answer = await shop.client.get(f"/admin/reviews?{query}", headers=(await shop.admin()).headers)
    assert_problem(answer, 422, "VALIDATION_ERROR", query.partition("=")[0])


async def test_moderation_is_for_staff(shop: Shop):
    person = await shop.person()
    for method, path in (("GET", "/admin/reviews?page=0"), ("DELETE", "/admin/reviews/bulk")):
        assert_problem(await shop.client.request(method, path, json={}), 401, "HTTP_401")
        answer = await shop.client.request(method, path, headers=person.headers, json={})
        assert_problem(answer, 403, "AUTH_FORBIDDEN")


async def test_a_longer_page_takes_no_more_statements(live: Shop):
    admin, book = await live.admin(), await live.book()
    for _ in range(3):
        await written(live, book)

    async def asked(size: int) -> int:
        with statements() as seen:
            assert len((await moderated(live, admin, per_page=size))["items"]) == size
        return len(seen)

    assert await asked(1) == await asked(3)


async def test_bulk_deletion_counts_what_it_changed(shop: Shop):
    admin, author = await shop.admin(), await shop.person()
    emma, dune = await shop.book(), await shop.book()
    gone = await written(shop, emma, 1, author=author)
    await delete(shop, author, gone)
    doomed = [await written(shop, emma, 2, text="Spam"), await written(shop, dune, 3), await written(shop, dune, 1)]
    kept = await written(shop, emma, 5)
    answer = await delete_all(shop, admin, [doomed[2], doomed[0], doomed[2], gone, UNKNOWN, -1, doomed[1]])
    assert (answer.status_code, answer.json()) == (200, {"deleted_count": 3})
    for review_id in doomed:
        assert_problem(await show(shop, review_id), 404, "REVIEW_NOT_FOUND")
    assert await ids(shop, admin) == [kept]
    assert (await figures(shop, emma), await figures(shop, dune)) == ((5.0, 1), (None, 0))
    assert await shop.scalar("SELECT count(*) FROM reviews") == 5
    again = await delete_all(shop, admin, doomed)
    assert (again.status_code, again.json()) == (200, {"deleted_count": 0})


async def test_bulk_deletion_leaves_an_audit_row_for_each_review(shop: Shop):
    admin, book = await shop.admin(), await shop.book()
    authors = [await shop.person(), await shop.person(), admin]
    doomed = [
        await written(shop, book, rating, author=author, text=text)
        for author, rating, text in zip(authors, (1, 2, 3), ("Spam", None, "Mine"), strict=True)
    ]
    await delete_all(shop, admin, [*doomed[::-1], UNKNOWN])
    await delete_all(shop, admin, doomed)
    rows = await shop.rows("SELECT actor_user_id, action, subject_id, before, after FROM audit_events ORDER BY id")
    assert rows == [
        (
            admin.id,
            "review.deleted",
            review_id,
            {"rating": rating, "text": text, "user_id": author.id, "book_id": book},
            None,
        )
        for review_id, author, rating, text in zip(doomed, authors, (1, 2, 3), ("Spam", None, "Mine"), strict=True)
    ]


@pytest.mark.parametrize("review_ids", [[], [1] * 51, None, 1, ["x"], [1.5], [None], [2**31]])
async def test_what_is_no_list_of_1_to_50_ids_is_422(shop: Shop, review_ids: Any):
    answer = await delete_all(shop, await shop.admin(), review_ids)
    assert answer.json()["code"] == "VALIDATION_ERROR", answer.text
    assert answer.status_code == 422


async def test_fifty_at_once_and_without_a_body(shop: Shop):
    admin = await shop.admin()
    review_id = await written(shop, await shop.book())
    assert (await delete_all(shop, admin, [str(review_id), *range(-49, 0)])).json() == {"deleted_count": 1}
    answer = await shop.client.delete("/admin/reviews/bulk", headers=admin.headers)
    assert_problem(answer, 422, "VALIDATION_ERROR", answer.json().get("field"))


async def test_moderation_sends_no_mail(shop: Shop):
    admin, book = await shop.admin(), await shop.book()
    await delete(shop, admin, await written(shop, book))
    await delete_all(shop, admin, [await written(shop, book)])
    assert await shop.scalar("SELECT count(*) FROM email_outbox") == 0


async def test_a_review_that_staff_deleted_is_closed_to_its_author(shop: Shop):
    admin, author, book = await shop.admin(), await shop.person(), await shop.book()
    review_id = await written(shop, book, author=author)
    await delete_all(shop, admin, [review_id])
    assert_problem(await change(shop, author, review_id, rating=1), 404, "REVIEW_NOT_FOUND")
    assert_problem(await delete(shop, author, review_id), 404, "REVIEW_NOT_FOUND")
    assert_problem(await review(shop, author, book), 403, "NOT_PURCHASED", "book_id")
