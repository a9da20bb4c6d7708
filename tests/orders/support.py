"""What tests of the cart and of orders look at beside the answers."""

from typing import Any

from prometheus_client import REGISTRY

from tests.support import Person, Shop

EVERYTHING = """
    SELECT (SELECT json_agg(i ORDER BY i.id) FROM cart_items i)::text, (SELECT count(*) FROM carts),
           (SELECT json_agg(b.stock_quantity ORDER BY b.id) FROM books b)::text,
           (SELECT count(*) FROM stock_movements), (SELECT count(*) FROM orders), (SELECT count(*) FROM order_items),
           (SELECT count(*) FROM email_outbox)
"""

BERLIN = {
    "country": "DE",
    "name": "Ada Lovelace",
    "street": "Unter den Linden 6",
    "city": "Berlin",
    "postal_code": "10117",
}


async def state_of(shop: Shop) -> Any:
    """All that a checkout could change, but for the kept answers."""
    return tuple((await shop.rows(EVERYTHING))[0])


async def sold(shop: Shop, person: Person, **columns: Any) -> dict[str, Any]:
    """An order of one new book."""
    await shop.add_to_cart(person, await shop.book(**columns))
    answer = await shop.checkout(person)
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


def checkouts(outcome: str) -> float:
    """How many checkouts were counted with that outcome."""
    return REGISTRY.get_sample_value("bookstore_checkouts_total", {"outcome": outcome}) or 0.0
