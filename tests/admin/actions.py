"""Every operation by which staff change something, each with what makes it happen once.

Whoever adds such an operation adds it here, or to `LEAVES_NO_ROW` with the reason.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.orders.support import sold
from tests.support import Shop

Request = tuple[str, dict[str, Any] | None]
Prepare = Callable[[Shop], Awaitable[Request]]

ISBN = "9780306406157"


async def _new_genre(_: Shop) -> Request:
    return "/genres", {"name": "Poetry"}


async def _new_book(_: Shop) -> Request:
    return "/books", {"title": "New", "author": "Somebody", "price": "9.5", "isbn": ISBN}


async def _change_book(shop: Shop) -> Request:
    return f"/books/{await shop.book(title='Old')}", {"title": "New", "price": "12.5", "author": "An Author"}


async def _remove_book(shop: Shop) -> Request:
    return f"/books/{await shop.book(stock_quantity=3)}", None


async def _set_stock(shop: Shop) -> Request:
    return f"/books/{await shop.book(stock_quantity=3)}/stock", {"quantity": 5, "reason": "Stocktaking"}


async def _adjust_stock(shop: Shop) -> Request:
    return f"/books/{await shop.book(stock_quantity=3)}/stock/adjustments", {"delta": -1, "reason": "Damaged"}


async def _cancel_order(shop: Shop) -> Request:
    order = await sold(shop, await shop.person())
    return f"/admin/orders/{order['id']}/cancel", {"reason": "Damaged"}


async def _requeue_mail(shop: Shop) -> Request:
    insertion = """
        INSERT INTO email_outbox (message_id, kind, recipient, subject, html, text, status, attempts)
        VALUES ('<1@x>', 'restock', 'ann@example.com', 'S', 'H', 'T', 'dead', 8) RETURNING id
    """
    return f"/admin/outbox/{await shop.scalar(insertion)}/requeue", None


async def _deactivate_user(shop: Shop) -> Request:
    return f"/admin/users/{(await shop.person()).id}/deactivate", None


async def _reactivate_user(shop: Shop) -> Request:
    return f"/admin/users/{(await shop.person(is_active=False)).id}/reactivate", None


async def _review(shop: Shop) -> int:
    insertion = "INSERT INTO reviews (user_id, book_id, rating) VALUES (:user, :book, 4) RETURNING id"
    return await shop.scalar(insertion, user=(await shop.person()).id, book=await shop.book())


async def _delete_review(shop: Shop) -> Request:
    return f"/reviews/{await _review(shop)}", None


async def _delete_reviews(shop: Shop) -> Request:
    return "/admin/reviews/bulk", {"review_ids": [await _review(shop)]}


ACTIONS: dict[str, tuple[str, Prepare]] = {
    "POST /genres": ("genre.created", _new_genre),
    "POST /books": ("book.created", _new_book),
    "PUT /books/{book_id}": ("book.changed", _change_book),
    "DELETE /books/{book_id}": ("book.removed", _remove_book),
    "PATCH /books/{book_id}/stock": ("book.stock_set", _set_stock),
    "POST /books/{book_id}/stock/adjustments": ("book.stock_adjusted", _adjust_stock),
    "POST /admin/orders/{order_id}/cancel": ("order.cancelled", _cancel_order),
    "POST /admin/outbox/{mail_id}/requeue": ("mail.requeued", _requeue_mail),
    "PATCH /admin/users/{user_id}/deactivate": ("user.deactivated", _deactivate_user),
    "PATCH /admin/users/{user_id}/reactivate": ("user.reactivated", _reactivate_user),
    "DELETE /reviews/{review_id}": ("review.deleted", _delete_review),
    "DELETE /admin/reviews/bulk": ("review.deleted", _delete_reviews),
}
SHOWN_ELSEWHERE = {"POST /uploads/images": "sends a form; tests/media shows its row"}
"""Operations of staff that write and whose row of the audit trail other tests show, each with the reason."""

TWICE_IS_ONCE = (
    "PUT /books/{book_id}",
    "PATCH /books/{book_id}/stock",
    "POST /admin/orders/{order_id}/cancel",
    "PATCH /admin/users/{user_id}/deactivate",
    "PATCH /admin/users/{user_id}/reactivate",
)
