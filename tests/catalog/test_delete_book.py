"""DELETE /books/{book_id}: what goes with a book and what stays (contract, section 4.4)."""

from tests.catalog.support import UNKNOWN, delete
from tests.support import Shop, assert_problem


async def test_a_deleted_book_is_gone(shop: Shop):
    admin, book = await shop.admin(), await shop.book()
    answer = await delete(shop, admin, book)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(await delete(shop, admin, book), 404, "BOOK_NOT_FOUND", "book_id")
    assert_problem(await shop.client.get(f"/books/{book}"), 404, "BOOK_NOT_FOUND", "book_id")
    assert_problem(await delete(shop, admin, UNKNOWN), 404, "BOOK_NOT_FOUND", "book_id")


async def test_lines_wishes_pre_bookings_and_reviews_go_with_the_book(live: Shop):
    admin, book, kept = await live.admin(), await live.book(), await live.book()
    person = await live.person()
    for each in (book, kept):
        await live.add_to_cart(person, each)
        for table, columns, values in (
            ("wishlist_items", "", ""),
            ("pre_bookings", "", ""),
            ("reviews", ", rating", ", 5"),
        ):
            await live.rows(
                f"INSERT INTO {table} (user_id, book_id{columns}) VALUES (:user, :book{values})",
                user=person.id,
                book=each,
            )
    assert (await delete(live, admin, book)).status_code == 204
    for table in ("cart_items", "wishlist_items", "pre_bookings", "reviews"):
        assert await live.rows(f"SELECT book_id FROM {table}") == [(kept,)], table
    assert await live.scalar("SELECT rating_count FROM books WHERE id = :id", id=kept) == 1


async def test_order_lines_survive_with_their_snapshot(shop: Shop):
    admin, person = await shop.admin(), await shop.person()
    book = await shop.book(title="Emma", author="Jane Austen")
    await shop.add_to_cart(person, book)
    order = (await shop.checkout(person)).json()
    assert (await delete(shop, admin, book)).status_code == 204
    line = (await shop.client.get(f"/orders/{order['id']}", headers=person.headers)).json()["items"][0]
    assert (line["book_id"], line["book"], line["title"], line["author"]) == (None, None, "Emma", "Jane Austen")


async def test_the_ledger_survives_and_is_closed_by_a_removal(shop: Shop):
    admin, book = await shop.admin(), await shop.book(title="Emma", stock_quantity=10)
    await delete(shop, admin, book)
    ledger = await shop.rows(
        "SELECT kind, delta, quantity_after, book_id, book_title, actor_user_id FROM stock_movements ORDER BY id"
    )
    assert ledger == [("opening", 10, 10, None, "Emma", None), ("removal", -10, 0, None, "Emma", admin.id)]


async def test_without_stock_nothing_is_left_to_remove(shop: Shop):
    book = await shop.book(stock_quantity=0)
    await delete(shop, await shop.admin(), book)
    assert await shop.scalar("SELECT count(*) FROM stock_movements") == 0
