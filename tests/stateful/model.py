"""The shop as it ought to be, in a few lines of plain Python: no database, no HTTP, one request after another.

Each operation changes the model as the contract says the shop changes, and returns what came of it or the Refusal
that the shop must answer with. What the model makes gets the id of the real thing from whoever runs both.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

MAX = 2**31 - 1
MAX_PRICE = Decimal("99999999.99")


@dataclass(frozen=True)
class Refusal:
    """The problem document that is due; `kept` when retries under the same key must meet it again."""

    status: int
    code: str
    at: str | None = None
    members: dict[str, Any] = field(default_factory=dict)
    kept: bool = False


@dataclass(frozen=True)
class Request:
    """The body of a checkout. Two that are equal count as the same request under a key."""

    decline: bool = False
    expected_total: Decimal | None = None


@dataclass(frozen=True)
class Replay:
    """The first completed answer under a key, byte for byte."""

    request: Request
    status: int
    content: bytes


@dataclass(eq=False)
class Book:
    """A book on sale, or one that was."""

    id: int
    title: str
    price: Decimal
    stock: int = 0
    on_sale: bool = True


@dataclass(eq=False)
class Buyer:
    """Somebody with a basket, and the answers kept under their keys."""

    id: int
    headers: dict[str, str]
    cart: list["Line"] = field(default_factory=list)
    kept: dict[str, Replay] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """What the basket costs at the prices of the moment."""
        return sum((line.book.price * line.quantity for line in self.cart), start=Decimal("0.00"))


@dataclass(eq=False)
class Line:
    """A line of a basket, now or in the past."""

    buyer: Buyer
    book: Book
    quantity: int
    id: int = 0


@dataclass(frozen=True)
class Sold:
    """A line of an order at the price of that moment."""

    book: Book
    quantity: int
    unit_price: Decimal


@dataclass(eq=False)
class Order:
    """A purchase; `steps` are the statuses it went through."""

    buyer: Buyer
    lines: list[Sold]
    total: Decimal
    steps: list[str] = field(default_factory=lambda: ["confirmed"])
    id: int = 0


@dataclass(eq=False)
class Charge:
    """A charge that the payment service was asked for; without an order when it declined."""

    amount: Decimal
    order: Order | None
    refunded: bool = False


@dataclass(frozen=True)
class Movement:
    """A line of the stock ledger."""

    title: str
    kind: str
    delta: int
    quantity_after: int


Entry = TypeVar("Entry", Line, Sold)

NO_BOOK = Refusal(404, "BOOK_NOT_FOUND", "book_id")
NO_LINE = Refusal(404, "CART_ITEM_NOT_FOUND", "item_id")
NO_ORDER = Refusal(404, "ORDER_NOT_FOUND", "order_id")
OUT_OF_STOCK = Refusal(409, "CART_BOOK_OUT_OF_STOCK", "book_id")
NOT_YOURS = Refusal(403, "CART_ITEM_FORBIDDEN", "item_id")
EMPTY = Refusal(422, "ORDER_CART_EMPTY", kept=True)
DECLINED = Refusal(402, "ORDER_PAYMENT_FAILED")
KEY_REUSED = Refusal(422, "IDEMPOTENCY_KEY_REUSED")


class ModelShop:
    """All there is; lists are in the order in which things happened."""

    def __init__(self) -> None:
        self.books: list[Book] = []
        self.buyers: list[Buyer] = []
        self.lines: list[Line] = []
        self.orders: list[Order] = []
        self.charges: list[Charge] = []
        self.ledger: list[Movement] = []

    def add_to_cart(self, buyer: Buyer, book: Book, quantity: int) -> Line | Refusal:
        if not book.on_sale:
            return NO_BOOK
        if book.stock == 0:
            return OUT_OF_STOCK
        for line in buyer.cart:
            if line.book is book:
                known = {"item_id": line.id, "quantity": line.quantity}
                return Refusal(409, "CART_ITEM_DUPLICATE", "book_id", known)
        line = Line(buyer, book, quantity)
        self.lines.append(line)
        buyer.cart.append(line)
        return line

    def change_quantity(self, buyer: Buyer, line: Line, quantity: int) -> Line | Refusal:
        if refusal := self._not_own(buyer, line):
            return refusal
        line.quantity = quantity
        return line

    def remove_line(self, buyer: Buyer, line: Line) -> Refusal | None:
        if refusal := self._not_own(buyer, line):
            return refusal
        buyer.cart.remove(line)
        return None

    def _not_own(self, buyer: Buyer, line: Line) -> Refusal | None:
        if line in buyer.cart:
            return None
        return NOT_YOURS if line in line.buyer.cart else NO_LINE

    def checkout(self, buyer: Buyer, request: Request, key: str | None = None) -> Order | Replay | Refusal:
        if key in buyer.kept:
            replay = buyer.kept[key]
            return replay if replay.request == request else KEY_REUSED
        if refusal := self._unfit(buyer, request):
            return refusal
        if request.decline:
            self.charges.append(Charge(buyer.total, order=None))
            return DECLINED
        return self._place_order(buyer)

    def _unfit(self, buyer: Buyer, request: Request) -> Refusal | None:
        if not buyer.cart:
            return EMPTY
        if short := [line for line in _by_book(buyer.cart) if line.quantity > line.book.stock]:
            return Refusal(
                409, "ORDER_INSUFFICIENT_STOCK", None, {"items": [_shortage(line) for line in short]}, True
            )
        if request.expected_total not in {None, buyer.total}:
            now = {"current_total": f"{buyer.total:.2f}"}
            return Refusal(409, "ORDER_TOTAL_CHANGED", "expected_total", now, kept=True)
        return None

    def _place_order(self, buyer: Buyer) -> Order:
        lines = [Sold(line.book, line.quantity, line.book.price) for line in buyer.cart]
        order = Order(buyer, lines, buyer.total)
        self.orders.append(order)
        self.charges.append(Charge(order.total, order))
        for line in _by_book(buyer.cart):
            self._move(line.book, "sale", -line.quantity)
        buyer.cart.clear()
        return order

    def cancel(self, order: Order, buyer: Buyer | None = None) -> Order | Refusal:
        """By that buyer, or by staff where there is none."""
        if buyer is not None and order.buyer is not buyer:
            return NO_ORDER
        if order.steps[-1] == "cancelled":
            return order
        returned = [line for line in _by_book(order.lines) if line.book.on_sale]
        for line in returned:
            if line.book.stock + line.quantity > MAX:
                return Refusal(409, "STOCK_OUT_OF_RANGE", None, {"current_quantity": line.book.stock})
        for line in returned:
            self._move(line.book, "cancellation", line.quantity)
        next(charge for charge in self.charges if charge.order is order).refunded = True
        order.steps.append("cancelled")
        return order

    def set_stock(self, book: Book, quantity: int) -> Book | Refusal:
        if not 0 <= quantity <= MAX:
            return _invalid("quantity")
        if not book.on_sale:
            return NO_BOOK
        if quantity != book.stock:
            self._move(book, "set", quantity - book.stock)
        return book

    def adjust_stock(self, book: Book, delta: int, kind: str) -> Book | Refusal:
        if delta == 0 or not -MAX - 1 <= delta <= MAX:
            return _invalid("delta")
        if not book.on_sale:
            return NO_BOOK
        if not 0 <= book.stock + delta <= MAX:
            return Refusal(409, "STOCK_OUT_OF_RANGE", "delta", {"current_quantity": book.stock})
        self._move(book, kind, delta)
        return book

    def change_price(self, book: Book, price: Decimal) -> Book | Refusal:
        if not 0 < price <= MAX_PRICE:
            return _invalid("price")
        if not book.on_sale:
            return NO_BOOK
        book.price = price
        return book

    def delete_book(self, book: Book) -> Refusal | None:
        if not book.on_sale:
            return NO_BOOK
        if book.stock:
            self._move(book, "removal", -book.stock)
        book.on_sale = False
        for buyer in self.buyers:
            buyer.cart = [line for line in buyer.cart if line.book is not book]
        return None

    def _move(self, book: Book, kind: str, delta: int) -> None:
        book.stock += delta
        self.ledger.append(Movement(book.title, kind, delta, book.stock))


def _invalid(where: str) -> Refusal:
    return Refusal(422, "VALIDATION_ERROR", where)


def _by_book(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.book.id)


def _shortage(line: Line) -> dict[str, Any]:
    book = line.book
    return {"book_id": book.id, "title": book.title, "requested": line.quantity, "available": book.stock}
