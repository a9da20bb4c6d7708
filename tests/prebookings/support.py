"""Booking, restocking by every way there is, and looking at who was told."""

from typing import Any

import asyncpg
from httpx2 import Response

from tests.support import Person, Shop

TOLD_TWICE_OR_NEVER = """
    SELECT pre_bookings.id, status::text, mails, notices
    FROM pre_bookings JOIN users ON users.id = user_id
    CROSS JOIN LATERAL (SELECT count(*) AS mails FROM email_outbox
                        WHERE kind = 'restock' AND recipient = users.email) sent
    CROSS JOIN LATERAL (SELECT count(*) AS notices FROM notices
                        WHERE kind = 'restock' AND notices.user_id = users.id) posted
    WHERE (mails, notices) <> (CASE WHEN status = 'notified' THEN (1::bigint, 1::bigint) ELSE (0::bigint, 0::bigint) END)
"""
"""For users with one pre-booking each: those who were not told as its status says."""


async def book_ahead(shop: Shop, person: Person, book: object) -> Response:
    return await shop.client.post("/prebooks", headers=person.headers, json={"book_id": book})


async def wait_for(shop: Shop, person: Person, book: int) -> int:
    """The id of a new waiting pre-booking."""
    answer = await book_ahead(shop, person, book)
    assert answer.status_code == 201, answer.text
    booking: int = answer.json()["id"]
    return booking


async def cancel(shop: Shop, person: Person, booking: object) -> Response:
    return await shop.client.delete(f"/prebooks/{booking}", headers=person.headers)


async def booked(shop: Shop, person: Person) -> list[dict[str, Any]]:
    answer = await shop.client.get("/prebooks", headers=person.headers)
    assert answer.status_code == 200
    assert set(answer.json()) == {"items"}
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def restock(shop: Shop, admin: Person, book: int, copies: int = 1) -> Response:
    body = {"delta": copies, "reason": "Delivery", "kind": "restock"}
    return await shop.client.post(f"/books/{book}/stock/adjustments", headers=admin.headers, json=body)


async def buy(shop: Shop, buyer: Person, book: int, copies: int = 1) -> int:
    """The id of an order of that many copies."""
    await shop.add_to_cart(buyer, book, copies)
    answer = await shop.checkout(buyer)
    assert answer.status_code == 201, answer.text
    order: int = answer.json()["id"]
    return order


async def sell_last_copy(raw: asyncpg.Connection, person: Person, book: int) -> None:
    """In the transaction of `raw`: the stock goes from 1 to 0, and the person waits for the next copy."""
    await raw.execute("UPDATE books SET stock_quantity = 0 WHERE id = $1", book)
    await raw.execute(
        "INSERT INTO stock_movements (book_id, book_title, delta, quantity_after, kind) "
        "SELECT id, title, -1, 0, 'set' FROM books WHERE id = $1",
        book,
    )
    await raw.execute("INSERT INTO pre_bookings (user_id, book_id) VALUES ($1, $2)", person.id, book)


async def told(raw: asyncpg.Connection) -> dict[str, int]:
    """How many restock mails and notices there are, and pre-bookings by status."""
    rows = await raw.fetch("SELECT status::text, count(*) AS number FROM pre_bookings GROUP BY status")
    counts = {row["status"]: row["number"] for row in rows}
    for name, table in (("mails", "email_outbox"), ("notices", "notices")):
        counts[name] = await raw.fetchval(f"SELECT count(*) FROM {table} WHERE kind = 'restock'")
    return counts
