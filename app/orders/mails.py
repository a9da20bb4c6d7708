"""The mails of orders, in the transaction of what they tell."""

from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.addresses.rules import lines as printed
from app.addresses.schemas import Address
from app.core.db.batch import Batch
from app.core.values import money_text
from app.mail.links import guest_order_page, order_page
from app.mail.outbox import Outbox
from app.orders.models import Order, OrderItem
from app.orders.placed import PlacedLine, PlacedOrder
from app.orders.repository import Buyer
from app.orders.sums import Sum, sums_of

CONFIRMED_SUBJECT = "Your Bookstore order is confirmed"
CANCELLED_SUBJECT = "Your Bookstore order was cancelled"
UNKNOWN_TITLE = "A book that is no longer sold"


class OrderMails:
    """Queues mails to buyers; the items of an order and their books must be loaded."""

    def __init__(self, session: AsyncSession, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    def confirm(self, batch: Batch, order: PlacedOrder) -> None:
        """Queue the confirmation with `batch`, to the address that the order says."""
        told = self._told(order.name, order)
        self._outbox.queue_in(batch, "order_confirmation", order.email or "", CONFIRMED_SUBJECT, **told)

    async def cancellation(self, buyer: Buyer, order: Order, refunded: Decimal | None, reason: str | None) -> None:
        """`refunded` in major units of the order's currency, None where nothing had been charged."""
        given_back = None if refunded is None else money_text(refunded)
        told = self._told(buyer.display_name, order) | {"refunded": given_back, "reason": reason}
        await self._outbox.queue(self._session, "order_cancelled", buyer.email, CANCELLED_SUBJECT, **told)

    def _told(self, name: str | None, order: Order | PlacedOrder) -> dict[str, Any]:
        return {
            "display_name": name,
            "order_id": order.id,
            "number": order.number,
            "order_link": f"{self._outbox.base_url}{_page(order)}",
            "lines": [_line(item) for item in order.items],
            "sums": [_row(row, order.currency) for row in sums_of(order)],
            "places": _places(order),
            "total": money_text(order.grand_total),
            "currency": order.currency,
        }


def _line(item: OrderItem | PlacedLine) -> dict[str, object]:
    """As it was bought; what the snapshots of old orders lack comes from the live book."""
    book = item.book
    return {
        "title": item.title or (book.title if book else UNKNOWN_TITLE),
        "author": item.author or (book.author if book else None),
        "cover": book.cover_image_url if book else None,
        "quantity": item.quantity,
        "unit_price": money_text(item.unit_price),
        "line_total": money_text(item.line_total),
    }


def _page(order: Order | PlacedOrder) -> str:
    return guest_order_page(order.access_token) if order.access_token else order_page(order.id)


def _row(row: Sum, currency: str) -> dict[str, str]:
    amount = money_text(row.amount)
    return {"label": row.label, "amount": f"{amount} {currency}" if row.is_total else amount}


def _printed(snapshot: object) -> list[str]:
    return printed(Address.model_validate(snapshot))


def _places(order: Order | PlacedOrder) -> list[dict[str, object]]:
    """Where the order goes or is collected, and who is billed, as lines of text."""
    told: list[dict[str, object]] = []
    if place := order.collect_at:
        address, hours = place.get("address"), place.get("hours")
        lines = [place["name"], *(_printed(address) if address else []), *([hours] if hours else [])]
        told.append({"label": "Collect it here", "lines": lines})
    if order.ship_to:
        told.append({"label": "It goes to", "lines": _printed(order.ship_to)})
    if order.bill_to:
        told.append({"label": "Billed to", "lines": _printed(order.bill_to)})
    return told
