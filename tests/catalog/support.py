"""What tests of the catalogue ask over and over."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from httpx2 import Response

from tests.support import Person, Shop

UNKNOWN = 2_147_483_646
ISBN_13, ISBN_10 = "9780306406157", "0306406152"
NEW_BOOK: dict[str, Any] = {"title": "The Dispossessed", "author": "Ursula K. Le Guin", "price": "15.90"}


async def listed(shop: Shop, **query: Any) -> dict[str, Any]:
    """The answer of GET /books, which must be 200."""
    answer = await shop.client.get("/books", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def ids(shop: Shop, **query: Any) -> list[int]:
    return [book["id"] for book in (await listed(shop, **query))["items"]]


async def create(shop: Shop, admin: Person, **body: Any) -> Response:
    return await shop.client.post("/books", headers=admin.headers, json=NEW_BOOK | body)


async def change(shop: Shop, admin: Person, book_id: int, **body: Any) -> Response:
    return await shop.client.put(f"/books/{book_id}", headers=admin.headers, json=body)


async def delete(shop: Shop, admin: Person, book_id: int) -> Response:
    return await shop.client.delete(f"/books/{book_id}", headers=admin.headers)


async def set_stock(shop: Shop, admin: Person, book_id: int, quantity: Any, **body: Any) -> Response:
    body = {"quantity": quantity} | body
    return await shop.client.patch(f"/books/{book_id}/stock", headers=admin.headers, json=body)


async def adjust(
    shop: Shop, admin: Person, book_id: int, delta: Any, reason: Any = "Recount", **body: Any
) -> Response:
    body = {"delta": delta, "reason": reason} | body
    return await shop.client.post(f"/books/{book_id}/stock/adjustments", headers=admin.headers, json=body)


async def movements(shop: Shop, admin: Person, book_id: int, **query: Any) -> Response:
    return await shop.client.get(f"/books/{book_id}/stock/movements", headers=admin.headers, params=query)


def next_page(answer: Response) -> dict[str, Any]:
    """The query of the `Link` to the page that follows; empty without one."""
    link = answer.headers.get("link")
    if link is None:
        return {}
    target, _, relation = link.partition("; ")
    assert relation == 'rel="next"'
    address = urlsplit(target.removeprefix("<").removesuffix(">"))
    assert (address.scheme, address.netloc, address.path) == ("", "", "/books")
    return {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}


async def walk(shop: Shop, **query: Any) -> list[int]:
    """The ids of all pages from that one on, by following the links."""
    found: list[int] = []
    following: dict[str, Any] = query or {"page": 1}
    while following:
        answer = await shop.client.get("/books", params=following)
        assert answer.status_code == 200, answer.text
        found += [book["id"] for book in answer.json()["items"]]
        following = next_page(answer)
    return found
