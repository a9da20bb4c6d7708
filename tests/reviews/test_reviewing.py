"""POST /books/{book_id}/reviews (contract, section 4.10)."""

from typing import Any

import pytest

from tests.reviews.support import UNKNOWN, bought, buyer, delete, delete_all, review, show, wrong_figures
from tests.support import Shop, assert_problem


async def test_a_review_is_shown_with_its_author_and_its_book(shop: Shop):
    book = await shop.book(title="Emma", cover_image_url="/uploads/emma.jpg")
    author = await buyer(shop, book)
    answer = await review(shop, author, book, rating=4, text="Read it in one night.")
    assert answer.status_code == 201
    shown = answer.json()
    moment = shown["created_at"]
    assert moment.endswith("Z")
    assert len(moment) == 27
    assert shown == {
        "id": shown["id"],
        "book_id": book,
        "user_id": author.id,
        "rating": 4,
        "text": "Read it in one night.",
        "verified_purchase": True,
        "created_at": moment,
        "updated_at": moment,
        "author": {"user_id": author.id, "display_name": f"Reader {author.id}", "avatar_url": None},
        "book": {"book_id": book, "title": "Emma", "cover_image_url": "/uploads/emma.jpg"},
    }
    assert (await show(shop, shown["id"])).json() == shown


async def test_the_name_is_that_of_the_account_and_never_of_its_address(shop: Shop):
    book = await shop.book()
    named = await buyer(shop, book, display_name="Ada", email="countess@example.com")
    nameless = await buyer(shop, book, email="shy.reader@example.com")
    assert (await review(shop, named, book)).json()["author"]["display_name"] == "Ada"
    answer = await review(shop, nameless, book)
    assert answer.json()["author"]["display_name"] == f"Reader {nameless.id}"
    everything = answer.text + (await shop.client.get(f"/books/{book}/reviews")).text
    for part in ("countess", "shy", "example.com", "@"):
        assert part not in everything


@pytest.mark.parametrize(("given", "kept"), [(1, 1), (5, 5), ("3", 3), (3.0, 3), (True, 1)])
async def test_the_rating_is_an_integer(shop: Shop, given: Any, kept: int):
    book = await shop.book()
    answer = await review(shop, await buyer(shop, book), book, rating=given)
    assert (answer.status_code, answer.json()["rating"], answer.json()["text"]) == (201, kept, None)


@pytest.mark.parametrize(
    "body",
    [{"rating": value} for value in (0, 6, 4.5, None, "x", False, 10**30)]
    + [{"text": value} for value in ("x" * 2001, " " * 2001, 1, "a\0b")],
)
async def test_what_is_no_review_is_422(shop: Shop, body: dict[str, Any]):
    book = await shop.book()
    answer = await review(shop, await buyer(shop, book), book, **body)
    assert_problem(answer, 422, "VALIDATION_ERROR", None if "\0" in str(body.get("text")) else next(iter(body)))


async def test_the_rating_is_required(shop: Shop):
    book = await shop.book()
    author = await buyer(shop, book)
    answer = await shop.client.post(f"/books/{book}/reviews", headers=author.headers, json={"text": "Good"})
    assert_problem(answer, 422, "VALIDATION_ERROR", "rating")


@pytest.mark.parametrize(
    "text", ["x" * 2000, "😀" * 2000, " first\nsecond\r\n\tthird ", "<b>bold</b> & 'quoted'", "e\u0301", None]
)
async def test_a_text_is_kept_letter_for_letter(shop: Shop, text: str | None):
    book = await shop.book()
    answer = await review(shop, await buyer(shop, book), book, text=text)
    assert (answer.status_code, answer.json()["text"]) == (201, text)


@pytest.mark.parametrize("text", ["", "  ", "\n\t", "\u2003"])
async def test_a_blank_text_is_none(shop: Shop, text: str):
    book = await shop.book()
    assert (await review(shop, await buyer(shop, book), book, text=text)).json()["text"] is None


async def test_a_second_review_is_a_duplicate_of_the_first(shop: Shop):
    book = await shop.book()
    author = await buyer(shop, book)
    first = (await review(shop, author, book)).json()["id"]
    body = assert_problem(await review(shop, author, book, rating=1), 409, "DUPLICATE_REVIEW")
    assert body["existing_review_id"] == first
    assert (await show(shop, first)).json()["rating"] == 5


async def test_a_review_needs_a_confirmed_order_of_ones_own(shop: Shop):
    book, other = await shop.book(), await shop.book()
    await buyer(shop, book)
    stranger, failed, cancelled = await shop.person(), await shop.person(), await shop.person()
    await bought(shop, stranger, other)
    await shop.add_to_cart(stranger, book)
    await bought(shop, failed, book, status="payment_failed")
    await bought(shop, cancelled, book, status="cancelled")
    for person in (stranger, failed, cancelled, await shop.admin()):
        assert_problem(await review(shop, person, book), 403, "NOT_PURCHASED", "book_id")
    await bought(shop, cancelled, other, book)
    assert (await review(shop, cancelled, book)).status_code == 201


async def test_the_line_of_a_book_that_was_removed_is_no_purchase_of_its_successor(shop: Shop):
    book = await shop.book(title="Emma")
    author = await buyer(shop, book)
    await shop.client.delete(f"/books/{book}", headers=(await shop.admin()).headers)
    successor = await shop.book(title="Emma")
    assert_problem(await review(shop, author, successor), 403, "NOT_PURCHASED", "book_id")


async def test_a_checkout_makes_a_reviewer_and_a_cancellation_unmakes_one(shop: Shop):
    book, person = await shop.book(), await shop.person()
    await shop.add_to_cart(person, book)
    order = (await shop.checkout(person)).json()["id"]
    written = (await review(shop, person, book)).json()
    assert written["verified_purchase"] is True
    assert (await shop.client.post(f"/orders/{order}/cancel", headers=person.headers)).status_code == 200
    assert (await show(shop, written["id"])).json()["verified_purchase"] is False
    assert_problem(await review(shop, person, book), 409, "DUPLICATE_REVIEW")
    await delete(shop, person, written["id"])
    assert_problem(await review(shop, person, book), 403, "NOT_PURCHASED", "book_id")


async def test_errors_come_in_their_order(shop: Shop):
    book = await shop.book()
    path = f"/books/{book}/reviews"
    assert_problem(await shop.client.post(path, json={"rating": 9}), 401, "HTTP_401")
    gone = await shop.person(is_active=False)
    assert_problem(await review(shop, gone, book, rating=9), 403, "AUTH_ACCOUNT_DEACTIVATED")
    stranger = await shop.person()
    assert_problem(await review(shop, stranger, UNKNOWN, rating=9), 422, "VALIDATION_ERROR", "rating")
    assert_problem(await review(shop, stranger, UNKNOWN), 404, "BOOK_NOT_FOUND", "book_id")
    assert_problem(await review(shop, stranger, 2**31), 422, "VALIDATION_ERROR", "book_id")  # beyond any id
    assert_problem(await review(shop, stranger, book), 403, "NOT_PURCHASED", "book_id")


async def test_after_a_deletion_a_new_review_is_allowed(shop: Shop):
    book, admin = await shop.book(), await shop.admin()
    author = await buyer(shop, book)
    first = (await review(shop, author, book)).json()["id"]
    await delete(shop, author, first)
    second = (await review(shop, author, book)).json()["id"]
    await delete(shop, admin, second)
    third = (await review(shop, author, book)).json()["id"]
    await delete_all(shop, admin, [third])
    assert (await review(shop, author, book)).status_code == 201
    assert await shop.scalar("SELECT count(*) FROM reviews WHERE deleted_at IS NOT NULL") == 3


async def test_books_and_readers_do_not_meet(shop: Shop):
    book, other = await shop.book(), await shop.book()
    ann, bob = await buyer(shop, book, other), await buyer(shop, book)
    for person, reviewed in ((ann, book), (ann, other), (bob, book)):
        assert (await review(shop, person, reviewed)).status_code == 201


async def test_of_the_reviews_that_were_deleted_the_last_ten_are_kept(shop: Shop):
    """Seen to fail without `forget_deleted`. Those of others and of other books stay."""
    book, other_book = await shop.book(), await shop.book()
    author, other = await buyer(shop, book, other_book), await buyer(shop, book)
    for person, of_book in ((other, book), (author, other_book)):
        for _ in range(2):
            await delete(shop, person, (await review(shop, person, of_book)).json()["id"])
    written = []
    for _ in range(13):
        written.append((await review(shop, author, book)).json()["id"])
        await delete(shop, author, written[-1])
    assert (await review(shop, author, book)).status_code == 201
    query = "SELECT id FROM reviews WHERE user_id = :id AND book_id = :book AND deleted_at IS NOT NULL ORDER BY id"
    assert [row[0] for row in await shop.rows(query, id=author.id, book=book)] == written[3:]
    for person, of_book in ((other, book), (author, other_book)):
        assert len(await shop.rows(query, id=person.id, book=of_book)) == 2
    assert await wrong_figures(shop) == []
