"""The SQL of orders. Set-based: a lock is held for statements × round trip."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol, TypeVarTuple

from sqlalchemy import ARRAY, Integer, Select, any_, func, literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import User
from app.cart.errors import CartTokenUnknown
from app.cart.models import AnyOwner, CartLine, CartOwner, LockedCart
from app.catalog.models import Book
from app.catalog.stock import LockedBook, PutBack, lock_books, look_at_books, put_back, sale
from app.core.db.driver import driver
from app.core.paging import Position
from app.orders.models import Order, OrderItem
from app.orders.placed import Begun, KeptKeys, NewLine, PlacedLine, PlacedOrder, Snapshot, Terms, told
from app.orders.pricing import Totals, price
from app.orders.schemas import OrderFilter
from app.payments.models import EndedPayments


class Buyer(Protocol):
    """Whom the mails of an order go to; `display_name` when one was chosen."""

    @property
    def email(self) -> str: ...
    @property
    def display_name(self) -> str | None: ...


Columns = TypeVarTuple("Columns")
NO_TERMS = Terms()

_EMAIL = func.coalesce(User.email, Order.email, "")
"""The buyer's address: that of the account, where there is one."""
_WITH_BOOK = joinedload(OrderItem.book).load_only(
    Book.title, Book.author, Book.isbn, Book.price, Book.cover_image_url, raiseload=True
)
_WITH_ITEMS = selectinload(Order.items).options(_WITH_BOOK)
_WHOLE = (_WITH_ITEMS, selectinload(Order.events))
MOST_LINES = 1000
"""A page of orders has no more lines, and ends early where the next order would bring more."""

_BEGIN_CHECKOUT = "SELECT * FROM bookstore_begin_checkout($1, $2, $3, $4)"
_PAYMENTS, _KEYS, _LINE = slice(2, 5), slice(5, 7), slice(7, None)
"""Columns of `bookstore_begin_checkout`, behind the id of the cart and its checkout number."""

# The snapshot of a line is what the decrement of its book gives back: the row under the lock, nothing read before.
_PLACE_ORDER = f"""
    WITH placed AS (
        INSERT INTO orders (user_id, currency, payment_reference, tax_mode,
                            items_total, discount_total, delivery_total, tax_total, grand_total,
                            email, name, delivery_kind, delivery_method_id, delivery_name,
                            collect_at, ship_to, bill_to, access_token, taxes)
        VALUES ($1, $2, $3, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
        RETURNING id, number, status, created_at
    ), noted AS (
        INSERT INTO order_events (order_id, status, actor_user_id) SELECT id, status, $1 FROM placed
    ), {sale(order="placed", buyer="$1", book_ids="$4", quantities="$5")}, lines AS (
        INSERT INTO order_items (order_id, book_id, quantity, unit_price, title, author, isbn,
                                 discount, tax_category, tax_rate, tax)
        SELECT placed.id, sold.id, quantity, price, title, author, isbn,
               part.discount, part.category, part.rate, part.tax
        FROM sold
        JOIN unnest($22::numeric[], $23::varchar[], $24::numeric[], $25::numeric[])
            WITH ORDINALITY AS part (discount, category, rate, tax, place) USING (place), placed
        ORDER BY place
        RETURNING id, book_id, line_total
    )
    SELECT placed.id, placed.number, placed.created_at, lines.id, lines.book_id, lines.line_total FROM placed, lines
"""

_CANCEL_ORDER = text("""
    WITH cancelled AS (
        UPDATE orders SET status = 'cancelled' WHERE id = :order_id RETURNING id, status
    )
    INSERT INTO order_events (order_id, status, reason, actor_user_id)
    SELECT id, status, :reason, :actor_id FROM cancelled
""")


class OrderRepository:
    """Orders, and the books under the lock of a checkout."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def begin_checkout(self, owner: AnyOwner, most_lines: int, most_keys: int | None) -> Begun:
        """Lock the owner's cart row, then read its lines and count the payments of this filling that took nothing.

        Of the lines up to one more than `most_lines`. With `most_keys`, the Idempotency-Keys of the owner are counted
        under that lock as well, and where an account has no cart, under that of the account.

        Raises:
            CartTokenUnknown: the guest has no cart, or has it no more.
        """
        owner = CartOwner.of(owner)
        arguments = owner.user_id, owner.token_digest, most_lines, most_keys
        rows = await (await driver(self._session)).fetch(_BEGIN_CHECKOUT, *arguments)
        cart_id, number, *_ = first = rows[0]
        if cart_id is None and owner.is_guest:
            raise CartTokenUnknown
        lines = [CartLine(*line) for row in rows if (line := row[_LINE])[0] is not None]
        cart = LockedCart(cart_id or 0, number or 0, lines)
        return Begun(cart, EndedPayments(*first[_PAYMENTS]), KeptKeys(*first[_KEYS]))

    async def lock_books(self, book_ids: Sequence[int]) -> list[LockedBook]:
        """Lock the rows of these books in ascending id, as `app.catalog.stock.lock_books` does, and read them."""
        return await lock_books(self._session, book_ids)

    async def look_at_books(self, book_ids: Sequence[int]) -> list[LockedBook]:
        """The same without a lock, for a quote."""
        return await look_at_books(self._session, book_ids)

    async def create_order(
        self,
        user_id: int | None,
        lines: Sequence[NewLine],
        *,
        currency: str,
        payment_reference: str | None,
        totals: Totals | None = None,
        terms: Terms = NO_TERMS,
    ) -> PlacedOrder:
        """Write a confirmed order, its lines in the order given, the stock decrements and their `sale` movements.

        In one statement. The books must be locked. `totals` are those of the lines, priced here when they are not
        given.

        Raises:
            AssertionError: the books cost something else than what was priced, so they were not locked.
        """
        totals = price(lines) if totals is None else totals
        rows = await (await driver(self._session)).fetch(
            _PLACE_ORDER,
            user_id,
            currency,
            payment_reference,
            [line.book.id for line in lines],
            [line.quantity for line in lines],
            totals.mode,
            *(totals.items_total, totals.discount_total, totals.delivery_total, totals.tax_total, totals.grand_total),
            *(terms.email, terms.name, terms.delivery_kind, terms.delivery_method_id, terms.delivery_name),
            *(_json(terms.collect_at), _json(terms.ship_to), _json(terms.bill_to), terms.access_token),
            json.dumps([told(tax) for tax in totals.taxes]),
            [part.discount for part in totals.lines],
            [line.tax_category for line in lines],
            [part.rate for part in totals.lines],
            [part.tax for part in totals.lines],
        )
        order_id, number, created_at, *_ = rows[0]
        written = {book_id: (item_id, line_total) for *_1, item_id, book_id, line_total in rows}
        if [written[line.book.id][1] for line in lines] != [part.total for part in totals.lines]:
            raise AssertionError("the lines that were written are not those that were priced")
        items = [
            PlacedLine(written[line.book.id][0], line.book, line.quantity, part)
            for line, part in zip(lines, totals.lines, strict=True)
        ]
        return PlacedOrder(order_id, number, created_at, currency, items, totals, terms)

    async def lock(self, order_id: int, of_user: int | None = None) -> Order | None:
        """Lock an order's row, and read the order with its items as it is under the lock.

        With `of_user` only an order of that user is found, and nobody waits for the order of another.
        """
        query = select(Order).where(Order.id == order_id).with_for_update()
        if of_user is not None:
            query = query.where(Order.user_id == of_user)
        return await self._session.scalar(query.options(_WITH_ITEMS).execution_options(populate_existing=True))

    async def buyer(self, order_id: int) -> Buyer:
        """Who bought it: the account as it is now, without one what the order says. Its row must be locked."""
        query = select(_EMAIL.label("email"), func.coalesce(User.display_name, Order.name).label("display_name"))
        bought = query.select_from(Order).outerjoin(User).where(Order.id == order_id)
        return (await self._session.execute(bought)).one()

    async def is_within(self, order_id: int, window: timedelta) -> bool:
        """Whether the order was made no longer than that ago, by the clock of the database."""
        query = select(Order.created_at >= func.now() - window).where(Order.id == order_id)
        return bool(await self._session.scalar(query))

    async def cancel(self, order: Order, actor_id: int, reason: str | None) -> None:
        """Take the step to `cancelled`. The order row must be locked."""
        parameters = {"order_id": order.id, "actor_id": actor_id, "reason": reason}
        await self._session.execute(_CANCEL_ORDER, parameters)

    async def put_back_stock(self, order: Order, actor_id: int, reason: str | None) -> list[PutBack]:
        """Give the copies of an order back to its books that are still sold; the books must be locked."""
        copies = [(item.book_id, item.quantity) for item in order.items if item.book_id is not None]
        return await put_back(self._session, order.id, copies, actor_id=actor_id, reason=reason)

    async def list_for_user(
        self, user_id: int, *, limit: int, after: Position | None = None
    ) -> tuple[list[Order], bool]:
        """Up to `limit` of the user's orders, newest first, and whether others follow."""
        page = _page(select(Order), OrderFilter(user_id=user_id), limit + 1, after)
        found = list(await self._session.scalars(page))
        whole = await self._fill(found[:limit])
        return found[:whole], len(found) > whole

    async def list_all(
        self, wanted: OrderFilter, *, limit: int, after: Position | None = None
    ) -> tuple[list[tuple[Order, str]], bool]:
        """Up to `limit` of all users' orders with the buyer's e-mail address, newest first; whether others follow."""
        page = _page(select(Order, _EMAIL).outerjoin(User), wanted, limit + 1, after)
        found = [(order, email) for order, email in await self._session.execute(page)]
        whole = await self._fill([order for order, _ in found[:limit]])
        return found[:whole], len(found) > whole

    async def _fill(self, orders: Sequence[Order]) -> int:
        """Give as many orders their items as MOST_LINES reach for, the first one in any case; how many got them."""
        ids = [order.id for order in orders]
        lines = await self._lines(ids, MOST_LINES + 1)
        if len(lines) > MOST_LINES:
            ids = ids[: ids.index(lines[-1].order_id)] or ids[:1]
            if len(ids) == 1:
                lines = await self._lines(ids, None)
        items: dict[int, list[OrderItem]] = {order_id: [] for order_id in ids}
        for line in lines:
            if line.order_id in items:
                items[line.order_id].append(line)
        for order, order_id in zip(orders, ids, strict=False):
            set_committed_value(order, "items", items[order_id])
        return len(ids)

    async def _lines(self, order_ids: Sequence[int], most: int | None) -> Sequence[OrderItem]:
        """Up to `most` items of these orders, in the order of the ids."""
        ids = literal(list(order_ids), ARRAY(Integer))
        query = select(OrderItem).where(OrderItem.order_id == any_(ids)).options(_WITH_BOOK).limit(most)
        in_order = query.order_by(func.array_position(ids, OrderItem.order_id), OrderItem.id)
        return (await self._session.scalars(in_order)).all()

    async def count(self, wanted: OrderFilter) -> int:
        """How many orders there are of that kind."""
        return await self._session.scalar(_filtered(select(func.count()).select_from(Order), wanted)) or 0

    async def get_by_id_for_user(self, order_id: int, user_id: int) -> Order | None:
        """An order of that user; None when it is missing or another's."""
        query = select(Order).where(Order.id == order_id, Order.user_id == user_id).options(*_WHOLE)
        return await self._session.scalar(query.execution_options(populate_existing=True))

    async def get_by_token(self, access_token: str) -> Order | None:
        """The order that the token of a guest opens."""
        query = select(Order).where(Order.access_token == access_token).options(*_WHOLE)
        return await self._session.scalar(query.execution_options(populate_existing=True))

    async def get_by_id(self, order_id: int) -> tuple[Order, str] | None:
        """Anyone's order with the buyer's e-mail address."""
        query = select(Order, _EMAIL).outerjoin(User).where(Order.id == order_id)
        whole = query.options(*_WHOLE).execution_options(populate_existing=True)
        row = (await self._session.execute(whole)).one_or_none()
        return None if row is None else (row[0], row[1])


def _json(value: Snapshot | None) -> str | None:
    return None if value is None else json.dumps(value)


def _filtered(query: Select[*Columns], wanted: OrderFilter) -> Select[*Columns]:
    if wanted.user_id is not None:
        query = query.where(Order.user_id == wanted.user_id)
    if wanted.email is not None:
        account = select(User.id).where(func.lower(User.email) == func.lower(wanted.email))
        of_account = Order.user_id == account.scalar_subquery()
        query = query.where(or_(of_account, func.lower(Order.email) == func.lower(wanted.email)))
    if wanted.number is not None:
        query = query.where(Order.number == wanted.number)
    if wanted.status is not None:
        query = query.where(Order.status == wanted.status)
    if wanted.created_from is not None:
        query = query.where(Order.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        query = query.where(Order.created_at < wanted.created_to)
    return query


def _page(query: Select[*Columns], wanted: OrderFilter, limit: int, after: Position | None) -> Select[*Columns]:
    """Orders without their items."""
    query = _filtered(query, wanted).order_by(Order.created_at.desc(), Order.id.desc())
    if after is not None:
        query = query.where(tuple_(Order.created_at, Order.id) < tuple_(after.created_at, after.id))
    return query.limit(limit).options(selectinload(Order.events))
