"""Checkout, the story of the shop; and the orders it leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.cart.service import CartService
from app.catalog.stock import PutBack
from app.core.db.batch import Batch
from app.core.money import NotInCurrency, items_total, line_total
from app.core.paging import Page, Position
from app.core.values import INT_MAX
from app.delivery.rules import Goods, Place, parcel_grams
from app.delivery.schemas import Chosen
from app.delivery.service import DeliveryService
from app.mail.outbox import Outbox
from app.orders import rules
from app.orders.bounds import CheckoutBounds, Selling, selling_of
from app.orders.errors import (
    CancelTooLate,
    CartEmpty,
    ItemsUnavailable,
    KeysExhausted,
    NotCancellable,
    NotEnoughStock,
    OrderNotFound,
    PaymentDeclined,
    PriceNotInCurrency,
    RestockOutOfRange,
    TooLarge,
    TooManyDeclines,
    TotalChanged,
)
from app.orders.idempotency import ClaimedKey, Outcome
from app.orders.mails import OrderMails
from app.orders.models import Order, OrderStatus
from app.orders.placed import AnyBuyer, NewLine, PlacedOrder, owner_of
from app.orders.pricing import PricedLine, Tax, Totals, price
from app.orders.quotes import Quote
from app.orders.repository import OrderRepository
from app.orders.schemas import CheckoutRequest, OrderFilter
from app.orders.terms import require_contact, terms_of
from app.payments.attempts import PaymentAttempts, Purchase
from app.shop.service import Shop


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancellation did: which order it was and whose (None without an account), and the books that got copies
    back.
    """

    number: str
    user_id: int | None
    restocked: list[PutBack]


class OrderService:
    """Orders in the transaction of `session`; amounts in major units of the shop's currency."""

    def __init__(
        self,
        session: AsyncSession,
        payments: PaymentAttempts,
        outbox: Outbox,
        shop: Shop,
        bounds: CheckoutBounds,
    ) -> None:
        self._session = session
        self._orders = OrderRepository(session)
        self._cart = CartService(session, bounds.lines)
        self._bounds = bounds
        self._payments = payments
        self._mails = OrderMails(session, outbox)
        self._shop = shop
        self._delivery = DeliveryService(session)

    async def checkout(
        self, buyer: AnyBuyer, request: CheckoutRequest, *, under_key: ClaimedKey | None = None
    ) -> PlacedOrder:
        """Turn the buyer's cart into a paid order, whose answer is kept `under_key`.

        On return the cart row and the book rows are locked until the transaction ends.

        Raises:
            KeysExhausted: it would be kept under one key too many.
            CartEmpty, TooLarge, ItemsUnavailable, NotEnoughStock, PriceNotInCurrency, TotalChanged: the cart cannot
                be ordered as it is.
            EmailMissing, NameMissing: a guest did not say who buys.
            AddressInvalid: an address is not as its country has them.
            DeliveryMethodNotFound, AddressMissing, DeliveryNotThere, TaxRateMissing: it cannot be delivered so.
            TooManyDeclines: the payment service is not asked again before an hour is over.
            PaymentDeclined: the payment service said no.
        """
        request = request.checked()
        require_contact(buyer, request)
        most_keys = self._bounds.keys if under_key else None
        begun = await self._orders.begin_checkout(owner_of(buyer), self._bounds.lines, most_keys)
        cart, payments = begun.cart, begun.payments
        if begun.keys.count > self._bounds.keys:
            raise KeysExhausted(self._bounds.keys, begun.keys.first_until)
        if not cart.lines:
            raise CartEmpty
        if len(cart.lines) > self._bounds.lines:
            raise TooLarge(self._bounds.lines)
        locked = await self._orders.lock_books(sorted(line.book_id for line in cart.lines))
        books = {book.id: book for book in locked}
        if gone := rules.gone(cart.lines, books):
            raise ItemsUnavailable(gone)
        if short := rules.short_lines(cart.lines, books):
            raise NotEnoughStock(short)
        lines = [NewLine(books[line.book_id], line.quantity) for line in cart.lines]
        selling = selling_of(await self._shop.settings(self._session))
        chosen = await self._choose(selling, lines, request.method_id, request.place)
        totals = _priced(selling, lines, chosen)
        if request.expected_total not in {None, totals.grand_total}:
            raise TotalChanged(totals.grand_total)
        if payments.declined_lately >= self._bounds.declines:
            raise TooManyDeclines(self._bounds.declines, payments.first_declined_at)
        currency = selling.currency
        purchase = Purchase(buyer.id, cart.id, cart.checkout_number, payments.count, totals.grand_total, currency)
        charge = await self._payments.charge(purchase, request.payment_options())
        batch = Batch(self._session)
        if not charge.approved:
            await self._decline(batch, under_key)
        order = await self._orders.create_order(
            buyer.id,
            lines,
            currency=currency,
            payment_reference=charge.reference,
            totals=totals,
            terms=terms_of(request, buyer, chosen),
        )
        self._payments.record(batch, order.id)
        self._cart.empty(batch, cart)
        self._mails.confirm(batch, order)
        if under_key:
            under_key.keep(batch, Outcome.placed(order))
        await batch.send()
        return order

    async def _choose(
        self, selling: Selling, lines: Sequence[NewLine], method_id: int | None, place: Place | None
    ) -> Chosen:
        """How the lines are delivered, with the tax rates there. Raises as `DeliveryService.choose`."""
        return await self._delivery.choose(method_id, place, goods_of(lines), selling.tax, selling.today())

    async def quote(self, buyer: AnyBuyer, method_id: int | None, place: Place | None) -> Quote:
        """What a checkout would come to now, delivered to that place. It takes no locks and promises nothing.

        Raises:
            CartEmpty, PriceNotInCurrency: the cart cannot be ordered as it is.
            DeliveryMethodNotFound, AddressMissing, DeliveryNotThere, TaxRateMissing: it cannot be delivered so.
        """
        in_cart = await self._cart.lines(owner_of(buyer))
        if not in_cart:
            raise CartEmpty
        found = await self._orders.look_at_books(sorted(line.book_id for line in in_cart))
        books = {book.id: book for book in found}
        lines = [NewLine(books[line.book_id], line.quantity) for line in in_cart if line.book_id in books]
        selling = selling_of(await self._shop.settings(self._session))
        chosen = await self._choose(selling, lines, method_id, place)
        return Quote(selling.currency, lines, _priced(selling, lines, chosen), chosen)

    async def _decline(self, batch: Batch, under_key: ClaimedKey | None) -> NoReturn:
        """Put the decline on record while the cart is locked; the same key may try again."""
        self._payments.record(batch)
        if under_key:
            under_key.give_up(batch)
        await batch.send()
        raise PaymentDeclined

    async def cancel(
        self, order_id: int, actor: Caller, *, reason: str | None = None, within: timedelta | None = None
    ) -> Cancelled | None:
        """Cancel an order: copies go back to stock, money and word to the buyer.

        Once, however often it is asked: a cancelled order stays as it is, and the answer is None. With `within` it
        is the buyer who asks: the order must be the actor's own and not older than that. On return the order row and
        its book rows are locked.

        Raises:
            OrderNotFound: missing, or not the buyer's.
            NotCancellable: no step leads there from its status.
            CancelTooLate: the buyer's time is over.
            RestockOutOfRange: a book could not hold the copies.
        """
        order = await self._orders.lock(order_id, of_user=None if within is None else actor.id)
        if order is None:
            raise OrderNotFound
        if order.status is OrderStatus.CANCELLED:
            return None
        if not rules.may_become(order.status, OrderStatus.CANCELLED):
            raise NotCancellable
        if within is not None and not await self._orders.is_within(order_id, within):
            raise CancelTooLate(within // timedelta(minutes=1))
        await self._require_room(order)
        restocked = await self._orders.put_back_stock(order, actor.id, reason)
        await self._orders.cancel(order, actor.id, reason)
        refunded = await self._payments.refund(order_id)
        await self._mails.cancellation(await self._orders.buyer(order_id), order, refunded, reason)
        return Cancelled(order.number, order.user_id, restocked)

    async def can_cancel(self, order: Order, within: timedelta) -> bool:
        """Whether its buyer, who has that long, could cancel it now."""
        may = rules.may_become(order.status, OrderStatus.CANCELLED)
        return may and await self._orders.is_within(order.id, within)

    async def _require_room(self, order: Order) -> None:
        quantities = {item.book_id: item.quantity for item in order.items if item.book_id is not None}
        for book in await self._orders.lock_books(sorted(quantities)):
            if book.stock_quantity + quantities[book.id] > INT_MAX:
                raise RestockOutOfRange(book.stock_quantity)

    async def of_user(self, user_id: int, limit: int, after: Position | None) -> Page[Order]:
        """A page of the user's orders, newest first: up to `limit`, fewer where they have very many lines."""
        found, more = await self._orders.list_for_user(user_id, limit=limit, after=after)
        return Page(found, await self._orders.count(OrderFilter(user_id=user_id)), more=more)

    async def of_all(self, wanted: OrderFilter, limit: int, after: Position | None) -> Page[tuple[Order, str]]:
        """A page of all users' orders with the buyers' e-mail addresses, newest first, as `of_user`."""
        found, more = await self._orders.list_all(wanted, limit=limit, after=after)
        return Page(found, await self._orders.count(wanted), more=more)

    async def get_own(self, order_id: int, user_id: int) -> Order:
        """An order of the user, else OrderNotFound."""
        order = await self._orders.get_by_id_for_user(order_id, user_id)
        if order is None:
            raise OrderNotFound
        return order

    async def of_guest(self, access_token: str) -> Order:
        """The order that this token opens, else OrderNotFound."""
        order = await self._orders.get_by_token(access_token)
        if order is None:
            raise OrderNotFound
        return order

    async def get_any(self, order_id: int) -> tuple[Order, str]:
        """Anyone's order with the buyer's e-mail address, else OrderNotFound."""
        found = await self._orders.get_by_id(order_id)
        if found is None:
            raise OrderNotFound
        return found


class Carried(PricedLine, Protocol):
    """A priced line with the weight of a copy, where it is known."""

    @property
    def weight_grams(self) -> int | None: ...


def goods_of(lines: Iterable[Carried]) -> Goods:
    """What of these lines matters to whoever delivers them."""
    lines = list(lines)
    return Goods(
        items_total=items_total(line_total(line.unit_price, line.quantity) for line in lines),
        grams=parcel_grams((line.weight_grams, line.quantity) for line in lines),
        categories=frozenset(line.tax_category for line in lines),
    )


def _priced(selling: Selling, lines: Sequence[NewLine], chosen: Chosen) -> Totals:
    tax = Tax(selling.tax.mode, chosen.rates)
    try:
        return price(lines, delivery=chosen.price, tax=tax, decimals=selling.decimals)
    except NotInCurrency as error:
        raise PriceNotInCurrency(selling.currency) from error
