"""Figures of a book are those of its reviews, however a review was written (contract, sections 4.4 and 6)."""

import asyncpg
import pytest

from tests.catalog.support import listed
from tests.reviews.support import buyer, change, delete, delete_all, figures, review, written, wrong_figures
from tests.support import Shop


async def test_figures_follow_every_operation(shop: Shop):
    admin, book, other = await shop.admin(), await shop.book(), await shop.book()
    ann, bob = await buyer(shop, book), await buyer(shop, book)
    assert await figures(shop, book) == (None, 0)
    first = (await review(shop, ann, book, rating=5)).json()["id"]
    second = (await review(shop, bob, book, rating=2)).json()["id"]
    assert await figures(shop, book) == (3.5, 2)
    await change(shop, ann, first, rating=1, text="Worse the second time.")
    assert await figures(shop, book) == (1.5, 2)
    await change(shop, ann, first, text=None)
    assert await figures(shop, book) == (1.5, 2)
    await delete(shop, ann, first)
    assert await figures(shop, book) == (2.0, 1)
    await review(shop, ann, book, rating=3)
    assert await figures(shop, book) == (2.5, 2)
    await delete(shop, admin, second)
    assert await figures(shop, book) == (3.0, 1)
    await delete_all(shop, admin, [second, *range(1, 40)])
    assert [item["review_count"] for item in (await listed(shop))["items"] if item["id"] == other] == [0]
    assert await wrong_figures(shop) == []


@pytest.mark.parametrize(
    ("ratings", "mean"),
    [
        ([5, 4, 4, 4], 4.2),  # 4.25
        ([5, 5, 5, 4], 4.8),  # 4.75
        ([1, 2, 2, 2], 1.8),  # 1.75
        ([3, 2, 2, 2], 2.2),  # 2.25
        ([5] * 7 + [4] * 13, 4.4),  # 4.35, which no float holds
        ([5] * 9 + [4] * 11, 4.4),  # 4.45
        ([1, 1, 2], 1.3),
        ([5, 5, 4], 4.7),
        ([1], 1.0),
    ],
)
async def test_the_mean_is_rounded_half_even_on_the_exact_mean(shop: Shop, ratings: list[int], mean: float):
    book = await shop.book()
    for rating in ratings:
        await written(shop, book, rating)
    assert await figures(shop, book) == (mean, len(ratings))


NEW = "INSERT INTO reviews (user_id, book_id, rating"
ALL = "SELECT users.id, books.id, 1 + (users.id * 3 + books.id * 2) % 5"
WAYS = {
    "many in any order": f"{NEW}) {ALL} FROM users, books WHERE books.id > 3 ORDER BY random()",
    "born deleted": f"{NEW}, deleted_at) {ALL}, now() FROM users, books",
    "some born deleted": f"{NEW}, deleted_at) {ALL}, CASE WHEN users.id > 2 THEN now() END FROM users, books WHERE books.id > 3",
    "where there is one already": f"{NEW}) {ALL} FROM users, books ON CONFLICT DO NOTHING",
    "changed where there is one already": f"""
        {NEW}) {ALL} FROM users, books ON CONFLICT (user_id, book_id) WHERE deleted_at IS NULL DO UPDATE SET rating = 1
    """,
    "merged": f"""
        MERGE INTO reviews USING ({ALL} AS rating FROM users, books) AS given (user_id, book_id, rating)
        ON reviews.user_id = given.user_id AND reviews.book_id = given.book_id AND deleted_at IS NULL
        WHEN MATCHED AND given.rating > 3 THEN DELETE
        WHEN MATCHED THEN UPDATE SET rating = given.rating
        WHEN NOT MATCHED THEN INSERT (user_id, book_id, rating) VALUES (user_id, book_id, given.rating)
    """,
    "other ratings": "UPDATE reviews SET rating = 6 - rating",
    "another text": "UPDATE reviews SET text = 'New'",
    "deleted": "UPDATE reviews SET deleted_at = now()",
    "some deleted": "UPDATE reviews SET deleted_at = now() WHERE user_id = 2",
    "deleted again": "UPDATE reviews SET deleted_at = now() WHERE deleted_at IS NOT NULL",
    "another rating while deleted": "UPDATE reviews SET rating = 1 WHERE deleted_at IS NOT NULL",
    "back again": "UPDATE reviews SET deleted_at = NULL",
    "all of it at once": """
        UPDATE reviews SET rating = 5, book_id = book_id + 1, deleted_at = CASE WHEN deleted_at IS NULL THEN now() END
    """,
    "fewer with the same sum": """
        UPDATE reviews SET rating = rating + user_id / 2, deleted_at = CASE user_id WHEN 1 THEN now() END
        WHERE book_id = 1 AND user_id < 3
    """,
    "to other books": "UPDATE reviews SET book_id = book_id + 3 WHERE book_id < 3",
    "to another user": "UPDATE reviews SET user_id = 4 WHERE user_id = 1",
    "removed": "DELETE FROM reviews",
    "some removed": "DELETE FROM reviews WHERE rating > 2",
    "replaced": f"WITH gone AS (DELETE FROM reviews) {NEW}) {ALL} FROM users, books WHERE books.id > 3",
    "cut off": "TRUNCATE reviews",
    "cut off with their users": "TRUNCATE users CASCADE",
    "their users go": "DELETE FROM users WHERE id > 1",
    "their books go": "DELETE FROM books WHERE id > 1",
    "nothing": "DELETE FROM reviews WHERE id < 0",
}


@pytest.mark.parametrize("way", WAYS)
async def test_figures_follow_however_a_review_is_written(shop: Shop, way: str):
    """Seen to fail with the triggers taken out one by one, and with `HAVING` asking for one of the two."""
    await shop.rows("INSERT INTO users (id, email) SELECT i, i || '@example.com' FROM generate_series(1, 4) i")
    await shop.rows("INSERT INTO books (id, title, author, price) SELECT i, 'T', 'A', 1 FROM generate_series(1, 5) i")
    await shop.rows(f"{NEW}) {ALL} FROM users, books WHERE users.id < 4 AND books.id < 4")
    await shop.rows(f"{NEW}, deleted_at) {ALL}, now() FROM users, books WHERE users.id = 4 AND books.id < 3")
    assert await wrong_figures(shop) == []
    await shop.rows(WAYS[way])
    assert await wrong_figures(shop) == []


async def test_figures_follow_a_copy_and_a_rollback(live: Shop, raw: asyncpg.Connection):
    books = [await live.book() for _ in range(3)]
    people = [(await live.person()).id for _ in range(3)]
    rows = [(person, book, 1 + (person + book) % 5) for person in people for book in reversed(books)]
    await raw.copy_records_to_table("reviews", records=rows, columns=["user_id", "book_id", "rating"])
    assert await wrong_figures(live) == []
    assert await live.rows("SELECT DISTINCT rating_count FROM books") == [(3,)]
    transaction = raw.transaction()
    await transaction.start()
    await raw.execute("UPDATE reviews SET rating = 1")
    await raw.execute("DELETE FROM reviews")
    await transaction.rollback()
    assert await wrong_figures(live) == []
    assert await live.rows("SELECT DISTINCT rating_count FROM books") == [(3,)]


async def test_a_statement_changes_a_book_once_whatever_the_number_of_reviews(live: Shop, raw: asyncpg.Connection):
    """Seen to fail (30 changes) with a trigger for each row, which also makes a large import crawl."""
    book = await live.book()
    for _ in range(30):
        await live.person()
    await raw.execute("CREATE TABLE changes (book_id int)")
    await raw.execute("""
        CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO changes VALUES (NEW.id); RETURN NULL; END $$
    """)
    await raw.execute("CREATE TRIGGER counted AFTER UPDATE ON books FOR EACH ROW EXECUTE FUNCTION count_change()")
    await raw.execute("INSERT INTO reviews (user_id, book_id, rating) SELECT id, $1, 4 FROM users", book)
    await raw.execute("UPDATE reviews SET text = 'Nothing that counts'")
    assert await live.rows("SELECT book_id FROM changes") == [(book,)]
    assert await figures(live, book) == (4.0, 30)
