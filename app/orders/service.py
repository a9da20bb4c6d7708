"""Checkout, the story of the shop; and the orders it leaves."""

from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.deps import Caller
from app.cart.models import CartLine
from app.cart.service import CartService
from app.core.db.transaction import undo_unless_committed
from app.core.values import money_text
from app.notifications.outbox import Outbox
from app.orders import rules
from app.orders.errors import (
    CartEmpty,
    ItemsUnavailable,
    NotEnoughStock,
    OrderNotFound,
    PaymentDeclined,
    TotalChanged,
)
from app.orders.models import Order
from app.orders.repository import LockedBook, NewLine, OrderFilter, OrderRepository, Position
from app.orders.schemas import CheckoutRequest
from app.payments.service import PaymentService

Entry = TypeVar("Entry")

MAIL_SUBJECT = "Your Bookstore order is confirmed"


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """One page of a list that is longer; `more` when others follow, `total` over all pages."""

    entries: list[Entry]
    total: int
    more: bool


class OrderService:
    """Orders in the transaction of `session`; amounts in major units of `currency`."""

    def __init__(self, session: AsyncSession, payments: PaymentService, outbox: Outbox, currency: str) -> None:
        self._session = session
        self._orders = OrderRepository(session)
        self._cart = CartService(session)
        self._payments = payments
        self._outbox = outbox
        self._currency = currency

    async def checkout(self, buyer: Caller, request: CheckoutRequest, attempt_id: str) -> Order:
        """Turn the buyer's cart into a paid order.

        On return the cart row and the book rows are locked until the transaction ends.

        Raises:
            CartEmpty, ItemsUnavailable, NotEnoughStock, TotalChanged: the cart cannot be ordered as it stands.
            PaymentDeclined: the payment service said no.
        """
        lines = await self._cart.lock_lines(buyer.id)
        if not lines:
            raise CartEmpty
        locked = await self._orders.lock_books(sorted(line.book_id for line in lines))
        books = {book.id: book for book in locked}
        if gone := rules.gone(lines, books):
            raise ItemsUnavailable(gone)
        if short := rules.short_lines(lines, books):
            raise NotEnoughStock(short)
        total = rules.total(lines, books)
        if request.expected_total not in {None, total}:
            raise TotalChanged(total)
        undo_unless_committed(self._session, attempt_id, partial(self._payments.void, attempt_id))
        charge = await self._payments.charge(
            attempt_id, total, self._currency, force_fail=request.force_payment_failure
        )
        if not charge.approved:
            raise PaymentDeclined
        order = await self._orders.create_order(
            buyer.id, _new_lines(lines, books), currency=self._currency, payment_reference=charge.reference
        )
        await self._cart.clear(lines)
        await self._queue_confirmation(buyer, order)
        return order

    async def _queue_confirmation(self, buyer: Caller, order: Order) -> None:
        lines = [
            {
                "title": item.title,
                "author": item.author,
                "quantity": item.quantity,
                "unit_price": money_text(item.unit_price),
                "line_total": money_text(item.unit_price * item.quantity),
            }
            for item in order.items
        ]
        await self._outbox.queue(
            self._session,
            "order_confirmation",
            buyer.email,
            MAIL_SUBJECT,
            display_name=buyer.display_name,
            order_id=order.id,
            lines=lines,
            total=money_text(order.total_price),
            currency=order.currency,
        )

    async def of_user(self, user_id: int, limit: int, after: Position | None) -> Page[Order]:
        """A page of the user's orders, newest first."""
        found = await self._orders.list_for_user(user_id, limit=limit + 1, after=after)
        total = await self._orders.count(OrderFilter(user_id=user_id))
        return Page(found[:limit], total, more=len(found) > limit)

    async def of_all(self, wanted: OrderFilter, limit: int, after: Position | None) -> Page[tuple[Order, str]]:
        """A page of all users' orders with the buyers' e-mail addresses, newest first."""
        found = await self._orders.list_all(wanted, limit=limit + 1, after=after)
        return Page(found[:limit], await self._orders.count(wanted), more=len(found) > limit)

    async def get_own(self, order_id: int, user_id: int) -> Order:
        """An order of the user, else OrderNotFound."""
        order = await self._orders.get_by_id_for_user(order_id, user_id)
        if order is None:
            raise OrderNotFound
        return order

    async def get_any(self, order_id: int) -> tuple[Order, str]:
        """Anyone's order with the buyer's e-mail address, else OrderNotFound."""
        found = await self._orders.get_by_id(order_id)
        if found is None:
            raise OrderNotFound
        return found


def _new_lines(lines: list[CartLine], books: dict[int, LockedBook]) -> list[NewLine]:
    return [NewLine(books[line.book_id], line.quantity) for line in lines]
