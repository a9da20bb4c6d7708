"""What people were told, beside what the database holds and the mail server received."""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal

import asyncpg

from benchmarks.soak.mailbox import Mailbox
from benchmarks.soak.told import NO_MONEY, Sale, Told, revenue

ORDERS = """
    SELECT orders.id, users.email, orders.status, sum(quantity) AS copies, sum(quantity * unit_price) AS total
    FROM orders JOIN users ON users.id = user_id JOIN order_items ON order_id = orders.id
    GROUP BY orders.id, users.email
"""
CHARGES = "SELECT order_id, amount FROM payment_attempts WHERE outcome = 'approved' AND voided_at IS NULL"
REFUNDS = """
    SELECT order_id, payment_refunds.amount FROM payment_refunds
    JOIN payment_attempts ON payment_attempts.id = attempt_id
"""
STOCK = "SELECT id, stock_quantity FROM books"
MAILS = "SELECT message_id, status, kind FROM email_outbox"


@dataclass(frozen=True)
class Line:
    """A total; the two must be equal."""

    what: str
    told: object
    found: object

    @property
    def agrees(self) -> bool:
        return self.told == self.found


@dataclass(frozen=True)
class Found:
    """Rows, read when all is quiet."""

    orders: list[asyncpg.Record]
    charges: dict[int | None, Decimal]
    refunds: dict[int | None, Decimal]
    stock: dict[int, int]
    mails: list[asyncpg.Record]


async def look(connection: asyncpg.Connection) -> Found:
    """All that is compared."""
    return Found(
        await connection.fetch(ORDERS),
        dict(await connection.fetch(CHARGES)),
        dict(await connection.fetch(REFUNDS)),
        dict(await connection.fetch(STOCK)),
        await connection.fetch(MAILS),
    )


def reckon(told: Told, found: Found, mailbox: Mailbox) -> list[Line]:
    """Every total, and behind each the number of single entries that differ."""
    return [*_orders(told, found), *_stock(told, found), *_money(told, found), *_mails(told, found, mailbox)]


def _orders(told: Told, found: Found) -> list[Line]:
    sales = told.sales.values()
    ours = {(sale.id, sale.buyer, sum(sale.copies.values()), sale.total) for sale in sales}
    theirs = {(row["id"], row["email"], row["copies"], row["total"]) for row in found.orders}
    cancelled = {row["id"] for row in found.orders if row["status"] == "cancelled"}
    return [
        Line("orders", len(ours), len(theirs)),
        Line("orders that differ in buyer, copies or total", 0, _differing(ours, theirs)),
        Line("orders cancelled", len(told.cancelled), len(cancelled)),
        Line("orders that differ in being cancelled", 0, len(told.cancelled ^ cancelled)),
        Line("copies sold", _copies(sales), sum(row["copies"] for row in found.orders)),
    ]


def _stock(told: Told, found: Found) -> list[Line]:
    due = {book: copies for book, copies in told.on_hand().items() if book in told.stock}
    differing = {book for book in due.keys() | found.stock.keys() if due.get(book) != found.stock.get(book)}
    return [
        Line("copies on hand", sum(due.values()), sum(found.stock.values())),
        Line("books whose stock differs", 0, len(differing)),
    ]


def _money(told: Told, found: Found) -> list[Line]:
    sales = list(told.sales.values())
    sold = sum((row["total"] for row in found.orders), start=NO_MONEY)
    paid = {sale.id: sale.total for sale in sales}
    returned = {sale.id: sale.total for sale in told.returned}
    return [
        Line("revenue of all orders", revenue(sales), sold),
        Line("charges that stand", len(paid), len(found.charges)),
        Line("money taken", revenue(sales), sum(found.charges.values(), start=NO_MONEY)),
        Line("refunds", len(returned), len(found.refunds)),
        Line("money given back", revenue(told.returned), sum(found.refunds.values(), start=NO_MONEY)),
        Line("charges and refunds that differ", 0, _unlike(paid, found.charges) + _unlike(returned, found.refunds)),
    ]


def _mails(told: Told, found: Found, mailbox: Mailbox) -> list[Line]:
    due = {(sale.id, sale.buyer) for sale in told.sales.values()}
    kinds = Counter(row["kind"] for row in found.mails)
    sent = {row["message_id"] for row in found.mails if row["status"] == "sent"}
    return [
        Line("confirmation mails written", len(due), kinds["order_confirmation"]),
        Line("confirmation mails received, by Message-ID", len(due), len(mailbox.confirmations)),
        Line("orders that differ in being confirmed", 0, len(due ^ set(mailbox.confirmations.values()))),
        Line("cancellation mails written", len(told.cancelled), kinds["order_cancelled"]),
        Line("mails of all kinds received, by Message-ID", len(found.mails), len(mailbox.times)),
        Line("mails neither sent nor received, or only one of both", 0, len(sent ^ mailbox.times.keys())),
    ]


def _copies(sales: Iterable[Sale]) -> int:
    return sum(sum(sale.copies.values()) for sale in sales)


def _differing(ours: AbstractSet[tuple[object, ...]], theirs: AbstractSet[tuple[object, ...]]) -> int:
    return len({entry[0] for entry in ours ^ theirs})


def _unlike(ours: dict[int, Decimal], theirs: dict[int | None, Decimal]) -> int:
    return sum(ours.get(order or 0) != theirs.get(order) for order in ours.keys() | theirs.keys())
