"""Every list of the shop, as it is asked for: tests count its statements, `benchmarks.explaining` shows its plans.

Whoever asks is called by the path: staff for what only they may see, else a reader. `{book_id}` and `{order_id}` are
those of the caller of this table: a book with many reviews and movements, an order with lines.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_origin

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.main import ROUTERS
from app.web.router import ROUTERS as PAGES

LISTS: Mapping[str, tuple[str, ...]] = {
    "/genres": ("",),
    "/books": (
        "size=100",
        "size=100&page=100",
        "sort=title&sort_dir=desc",
        "sort=price",
        "sort=price&sort_dir=desc",
        "sort=date",
        "sort=date&sort_dir=asc",
        "sort=created_at",
        "sort=created_at&sort_dir=asc",
        "sort=avg_rating",
        "sort=avg_rating&sort_dir=asc",
        "genre_id=1",
        "genre_id=40&sort=price",
        "genre_id=40&sort=avg_rating",
        "author=garc%C3%ADa",
        "author=garc%C3%ADa&sort=price",
        "author=an",
        "min_price=10&max_price=10.50",
        "min_price=60&sort=avg_rating",
        "in_stock=true",
        "in_stock=false",
        "in_stock=true&genre_id=40&sort=date",
        "q=thief",
        "q=thief+gard",
        "q=gar",
        "q=the",
        "q=the+of",
        "q=t",
        "q=philosofy",
        "q=gardn+libary",
        "q=9780000006004",
        "q=nonsensical",
        "q=house&in_stock=true",
        "q=house&size=100&page=100",
    ),
    "/books/{book_id}/reviews": ("size=100", "size=100&page=40"),
    "/books/{book_id}/stock/movements": ("per_page=100", "per_page=100&page=150"),
    "/cart": ("",),
    "/orders": ("limit=100",),
    "/orders/{order_id}": ("",),
    "/admin/orders": (
        "limit=100",
        "status=confirmed",
        "status=cancelled",
        "status=payment_failed",
        "user_id=1",
        "user_id=1&status=cancelled",
        "email=reader1%40example.com",
        "created_from=2026-01-01T00:00:00",
        "created_to=2025-01-01T00:00:00&status=cancelled",
    ),
    "/admin/orders/{order_id}": ("",),
    "/admin/reviews": (
        "per_page=100",
        "per_page=100&page=4000",
        "sort_dir=asc",
        "sort_by=rating",
        "sort_by=rating&sort_dir=asc",
        "sort_by=rating&per_page=100&page=4000",
        "book_id={book_id}",
        "user_id=1&sort_by=rating",
        "rating_min=2&rating_max=2",
        "rating_max=2&sort_by=rating",
        "book_id={book_id}&rating_max=1",
    ),
    "/admin/users": (
        "per_page=100",
        "per_page=100&page=2000",
        "role=admin",
        "role=user",
        "is_active=false",
        "is_active=true&role=user&per_page=100&page=1900",
        "email=reader1999",
        "email=example.com",
        "email=3%40",
    ),
    "/admin/audit": (
        "limit=100",
        "action=book.changed",
        "action=order.cancelled",
        "action=book.removed",
        "subject=book",
        "subject=book&subject_id={book_id}",
        "subject=order&action=order.cancelled",
        "actor_user_id={staff_id}",
        "actor_user_id={staff_id}&action=order.cancelled",
        "created_from=2026-01-01T00:00:00",
        "created_to=2025-01-01T00:00:00&subject=order",
    ),
    "/admin/security-events": (
        "limit=100",
        "kind=signed_in",
        "kind=sign_in_failed",
        "kind=form_refused",
        "user_id={staff_id}",
        "email=reader1%40example.com&kind=signed_in",
        "network=198.18.7.1",
        "network=198.18.7.1&kind=sign_in_failed",
        "created_from=2026-01-01T00:00:00",
        "created_to=2025-01-01T00:00:00&kind=signed_in",
    ),
    "/auth/me/sign-ins": ("limit=100",),
    "/admin/analytics/sales/by-day": ("", "date_from=2026-01-01"),
    "/admin/analytics/sales/top-books": (
        "period=today",
        "period=month&sort_by=volume&limit=50",
        "limit=50",
        "sort_by=volume",
    ),
    "/admin/analytics/inventory/low-stock": ("", "threshold=1000"),
    "/admin/outbox": ("per_page=100", "status=dead", "status=sent", "status=sent&page=1000", "status=pending"),
    "/wishlist": ("",),
    "/prebooks": ("",),
    "/addresses": ("",),
    "/delivery/options": ("country=DE",),
    "/countries": ("",),
    "/notifications": ("limit=100", "unread=true&limit=100"),
}
"""The queries of each list of the API, by its path: each filter, each order, the first page and a deep one."""

SHOP_PAGES = (
    "/",
    "/shop",
    "/shop?page=400",
    "/shop?sort=rating",
    "/shop?genre=1&sort=new",
    "/shop?in_stock=1&sort=cheap",
    "/shop?q=house",
    "/shop/suggest?q=th",
    "/shop/books/{book_id}",
    "/sitemap.xml",
    "/feed.xml",
)
"""The pages of the shop that list books."""


def addresses() -> list[str]:
    """All queries of all lists of the API."""
    return [f"{path}?{query}" if query else path for path, queries in LISTS.items() for query in queries]


def list_operations() -> set[str]:
    """The paths of all operations that answer an array, or an object with `items`; an order is none."""
    return {route.path for route in _read_by(ROUTERS) if _is_list(route.response_model)} - {"/orders/by-token"}


def pages() -> set[str]:
    """The paths of all pages, without the types of their parameters."""
    return {re.sub(r":\w+}", "}", route.path) for route in _read_by(PAGES)}


def _read_by(routers: tuple[APIRouter, ...]) -> Iterator[APIRoute]:
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                yield route


def _is_list(answer: Any) -> bool:
    if get_origin(answer) is list:
        return True
    return isinstance(answer, type) and issubclass(answer, BaseModel) and "items" in answer.model_fields
