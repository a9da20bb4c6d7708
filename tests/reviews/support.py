"""What tests of reviews do over and over."""

from datetime import UTC, datetime, timedelta
from typing import Any

from httpx2 import Response

from tests.support import Person, Shop

UNKNOWN = 2_147_483_646
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


async def bought(shop: Shop, person: Person, *books: int, status: str = "confirmed") -> int:
    """The id of an order of that status with one line for each of the books."""
    order = await shop.scalar(
        "INSERT INTO orders (user_id, status) VALUES (:user, CAST(:status AS orderstatus)) RETURNING id",
        user=person.id,
        status=status,
    )
    for book in books:
        await shop.rows(
            "INSERT INTO order_items (order_id, book_id, quantity, unit_price) VALUES (:order, :book, 1, 10)",
            order=order,
            book=book,
        )
    return order


async def buyer(shop: Shop, *books: int, **columns: Any) -> Person:
    """Somebody with a confirmed order of these books."""
    person = await shop.person(**columns)
    await bought(shop, person, *books)
    return person


async def written(
    shop: Shop, book: int, rating: int = 4, *, author: Person | None = None, days: int = 0, **columns: Any
) -> int:
    """The id of a review that is a row, by somebody new unless told; as old as `LONG_AGO`, younger by `days`."""
    moment = LONG_AGO + timedelta(days=days)
    columns = {
        "user_id": (author or await shop.person()).id,
        "book_id": book,
        "rating": rating,
        "created_at": moment,
        "updated_at": moment,
    } | columns
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    return await shop.scalar(f"INSERT INTO reviews ({names}) VALUES ({values}) RETURNING id", **columns)


async def review(shop: Shop, author: Person, book: int, **body: Any) -> Response:
    return await shop.client.post(f"/books/{book}/reviews", headers=author.headers, json={"rating": 5} | body)


async def change(shop: Shop, author: Person, review_id: int, **body: Any) -> Response:
    return await shop.client.patch(f"/reviews/{review_id}", headers=author.headers, json=body)


async def delete(shop: Shop, caller: Person, review_id: int) -> Response:
    return await shop.client.delete(f"/reviews/{review_id}", headers=caller.headers)


async def delete_all(shop: Shop, caller: Person, review_ids: Any) -> Response:
    body = {"review_ids": review_ids}
    return await shop.client.request("DELETE", "/admin/reviews/bulk", headers=caller.headers, json=body)


async def show(shop: Shop, review_id: int) -> Response:
    return await shop.client.get(f"/reviews/{review_id}")


async def listed(shop: Shop, book: int, **query: Any) -> dict[str, Any]:
    """The answer of GET /books/{book_id}/reviews, which must be 200."""
    answer = await shop.client.get(f"/books/{book}/reviews", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def figures(shop: Shop, book: int) -> tuple[float | None, int]:
    """Mean and number of the reviews, as the page of the book says."""
    shown = (await shop.client.get(f"/books/{book}")).json()
    return shown["avg_rating"], shown["review_count"]


async def wrong_figures(shop: Shop) -> list[Any]:
    """Books whose figures are not those of their reviews that count, and reviews that count and should not, or not."""
    return await shop.rows("""
        SELECT id, rating_sum, rating_count, rating_mean FROM books WHERE (rating_sum, rating_count) IS DISTINCT FROM (
            SELECT (coalesce(sum(rating), 0)::int, count(*)::int)
            FROM reviews WHERE book_id = books.id AND deleted_at IS NULL AND counts
        )
        UNION ALL
        SELECT id, user_id, book_id, counts::int FROM reviews WHERE deleted_at IS NULL AND counts = (
            EXISTS (SELECT FROM orders o JOIN order_items i ON order_id = o.id
                    WHERE o.user_id = reviews.user_id AND i.book_id = reviews.book_id)
            AND NOT EXISTS (SELECT FROM orders o JOIN order_items i ON order_id = o.id
                            WHERE o.user_id = reviews.user_id AND i.book_id = reviews.book_id AND status = 'confirmed')
        )
    """)
