"""A review counts while a purchase of its author stands: the figures, the lists, and who sees it all the same."""

import pytest

from tests.reviews.support import bought, buyer, change, delete, figures, listed, review, show, written, wrong_figures
from tests.support import Person, Shop, assert_problem


async def purchase(shop: Shop, person: Person, book: int) -> int:
    """The id of an order that was checked out."""
    await shop.add_to_cart(person, book)
    return (await shop.checkout(person)).json()["id"]


async def cancel(shop: Shop, person: Person, order: int) -> None:
    answer = await shop.client.post(f"/orders/{order}/cancel", headers=person.headers)
    assert answer.status_code == 200, answer.text


async def seen_by_staff(shop: Shop, book: int) -> set[int]:
    admin = await shop.admin()
    found = (await shop.client.get(f"/admin/reviews?book_id={book}", headers=admin.headers)).json()
    return {item["id"] for item in found["items"]}


async def test_a_cancelled_purchase_takes_its_review_out_of_figures_and_list(shop: Shop):
    """Seen to fail (1.0 and 2 reviews) without the trigger on orders."""
    book, other = await shop.book(), await buyer(shop, await shop.book())
    reader = await shop.person()
    order = await purchase(shop, reader, book)
    await written(shop, book, 5, author=other)
    own = (await review(shop, reader, book, rating=1, text="Never read.")).json()
    assert (own["verified_purchase"], await figures(shop, book)) == (True, (3.0, 2))
    await cancel(shop, reader, order)
    assert await figures(shop, book) == (5.0, 1)
    found = await listed(shop, book)
    assert (found["total"], [item["user_id"] for item in found["items"]]) == (1, [other.id])
    kept = (await show(shop, own["id"])).json()
    assert kept == own | {"verified_purchase": False}
    assert own["id"] in await seen_by_staff(shop, book)
    assert await wrong_figures(shop) == []


async def test_it_counts_again_when_its_author_buys_again(shop: Shop):
    """Seen to fail (no review) without the trigger on the lines of orders."""
    book, reader = await shop.book(), await shop.person()
    order = await purchase(shop, reader, book)
    own = (await review(shop, reader, book, rating=2)).json()
    await cancel(shop, reader, order)
    assert await figures(shop, book) == (None, 0)
    assert (await change(shop, reader, own["id"], rating=4)).status_code == 200
    assert await figures(shop, book) == (None, 0)
    await purchase(shop, reader, book)
    assert await figures(shop, book) == (4.0, 1)
    assert [item["id"] for item in (await listed(shop, book))["items"]] == [own["id"]]
    assert_problem(await review(shop, reader, book), 409, "DUPLICATE_REVIEW")


async def test_another_purchase_that_stands_is_enough(shop: Shop):
    """Seen to fail (no review) with `bool_or` made `bool_and`."""
    book, reader = await shop.book(), await shop.person()
    first, second = [await purchase(shop, reader, book) for _ in range(2)]
    await review(shop, reader, book, rating=3)
    await cancel(shop, reader, first)
    assert await figures(shop, book) == (3.0, 1)
    await cancel(shop, reader, second)
    assert await figures(shop, book) == (None, 0)


async def test_an_order_of_several_books_takes_all_their_reviews(shop: Shop):
    books = [await shop.book() for _ in range(3)]
    reader = await shop.person()
    for book in books[1:]:
        await shop.add_to_cart(reader, book)
    order = await purchase(shop, reader, books[0])
    other = await purchase(shop, reader, books[2])
    for book in books:
        await review(shop, reader, book, rating=3)
    await cancel(shop, reader, order)
    assert [await figures(shop, book) for book in books] == [(None, 0), (None, 0), (3.0, 1)]
    await cancel(shop, reader, other)
    assert await figures(shop, books[2]) == (None, 0)


async def test_a_review_that_does_not_count_can_be_deleted_and_is_then_not_written_anew(shop: Shop):
    book, reader = await shop.book(), await shop.person()
    order = await purchase(shop, reader, book)
    own = (await review(shop, reader, book)).json()["id"]
    await cancel(shop, reader, order)
    assert (await delete(shop, reader, own)).status_code == 204
    assert_problem(await review(shop, reader, book), 403, "NOT_PURCHASED", "book_id")
    assert await wrong_figures(shop) == []


async def test_reviews_without_any_order_count(shop: Shop):
    """Such as those that came from another shop."""
    book, author, other = await shop.book(), await shop.person(), await shop.book()
    await bought(shop, author, other, status="cancelled")
    await written(shop, book, 4, author=author)
    assert await figures(shop, book) == (4.0, 1)


async def test_what_the_author_wrote_stays_as_old_as_it_was(shop: Shop):
    """Seen to fail with the condition taken off the trigger that touches reviews."""
    book, reader = await shop.book(), await shop.person()
    order = await bought(shop, reader, book)
    own = await written(shop, book, author=reader)
    before = await shop.scalar("SELECT updated_at FROM reviews WHERE id = :id", id=own)
    await shop.rows("UPDATE orders SET status = 'cancelled' WHERE id = :id", id=order)
    assert await shop.rows("SELECT counts, updated_at FROM reviews WHERE id = :id", id=own) == [(False, before)]


PEOPLE = "INSERT INTO users (id, email) SELECT i, i || '@example.com' FROM generate_series(1, 4) i"
BOOKS = "INSERT INTO books (id, title, author, price) SELECT i, 'T', 'A', 1 FROM generate_series(1, 3) i"
# Order 10 + n is by reader n: 1 bought, 2 cancelled, 3 did both, 4 never bought.
ORDERS = """
    INSERT INTO orders (id, user_id, status) VALUES
        (11, 1, 'confirmed'), (12, 2, 'cancelled'), (13, 3, 'confirmed'), (23, 3, 'cancelled')
"""
LINES = """
    INSERT INTO order_items (order_id, book_id, quantity, unit_price)
    SELECT orders.id, books.id, 1, 1 FROM orders, books ORDER BY random()
"""
REVIEWS = """
    INSERT INTO reviews (user_id, book_id, rating, deleted_at)
    SELECT users.id, books.id, 1 + (users.id * 3 + books.id * 2) % 5, CASE WHEN books.id = 3 THEN now() END
    FROM users, books ORDER BY random()
"""
WAYS = {
    "nothing": "SELECT",
    "orders are cancelled": "UPDATE orders SET status = 'cancelled'",
    "an order is cancelled": "UPDATE orders SET status = 'cancelled' WHERE id = 11",
    "orders fail": "UPDATE orders SET status = 'payment_failed'",
    "orders are confirmed after all": "UPDATE orders SET status = 'confirmed'",
    "all of it the other way round": """
        UPDATE orders SET status = CASE status WHEN 'confirmed' THEN 'cancelled' ELSE 'confirmed' END::orderstatus
    """,
    "orders change hands": "UPDATE orders SET user_id = 5 - user_id",
    "orders go": "DELETE FROM orders WHERE id IN (12, 13)",
    "lines go": "DELETE FROM order_items WHERE order_id IN (12, 13)",
    "lines are of other books": "UPDATE order_items SET book_id = 3 WHERE book_id = 1",
    "lines are of other orders": "UPDATE order_items SET order_id = 12 WHERE order_id = 13",
    "lines come": """
        INSERT INTO orders (id, user_id, status) VALUES (32, 2, 'confirmed'), (34, 4, 'cancelled');
        INSERT INTO order_items (order_id, book_id, quantity, unit_price)
        SELECT orders.id, books.id, 1, 1 FROM orders, books WHERE orders.id > 30
    """,
    "sales are cut off": "TRUNCATE order_items",
    "orders are cut off": "TRUNCATE orders CASCADE",
    "reviews change hands": """
        DELETE FROM reviews WHERE user_id IN (3, 4);
        UPDATE reviews SET user_id = user_id + 2;
        UPDATE reviews SET user_id = 2 WHERE user_id = 3
    """,
    "reviews are of other books": """
        DELETE FROM order_items WHERE book_id = 2;
        DELETE FROM reviews WHERE book_id = 2;
        UPDATE reviews SET book_id = 2 WHERE book_id = 1
    """,
    "deleted ones are back": "UPDATE reviews SET deleted_at = NULL",
    "deleted ones are back after a cancellation": """
        UPDATE orders SET status = 'cancelled';
        UPDATE reviews SET deleted_at = NULL
    """,
    "written as not counting": f"DELETE FROM reviews; {REVIEWS.replace('rating,', 'counts, rating,').replace('books.id, 1', 'books.id, false, 1')}",
    "another rating": "UPDATE reviews SET rating = 6 - rating",
    "their authors go": "DELETE FROM users WHERE id IN (2, 3)",
    "a book goes": "DELETE FROM books WHERE id = 1",
    "everything goes": "TRUNCATE users CASCADE",
}


@pytest.mark.parametrize("reviews_first", [False, True])
@pytest.mark.parametrize("way", WAYS)
async def test_counting_follows_however_orders_and_reviews_are_written(shop: Shop, way: str, reviews_first: bool):
    """Seen to fail with the triggers taken out one by one."""
    for script in (
        (PEOPLE, BOOKS, REVIEWS, ORDERS, LINES) if reviews_first else (PEOPLE, BOOKS, ORDERS, LINES, REVIEWS)
    ):
        await shop.rows(script)
    uncounted = "SELECT DISTINCT user_id FROM reviews WHERE deleted_at IS NULL AND NOT counts"
    assert await shop.rows(uncounted) == [(2,)]
    assert await wrong_figures(shop) == []
    for statement in WAYS[way].split(";"):
        await shop.rows(statement)
    assert await wrong_figures(shop) == []
