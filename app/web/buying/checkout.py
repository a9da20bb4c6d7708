"""Checkout pages: review, pay, and what came of it.

One form has all of it. It pays, unless a button was pressed that changes something (delivery, country, the bill):
then it is shown anew with what it comes to now. Scripts press that button in the background. The form carries a key,
so that a second click is harmless.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, ClassVar
from uuid import uuid4

from fastapi import APIRouter, Path, Request, Response

from app.accounts.caller import Caller
from app.addresses.deps import Addresses
from app.addresses.errors import AddressBookFull
from app.addresses.schemas import Address, AddressIn
from app.cart.errors import CartTokenUnknown
from app.core.db.route import Session
from app.core.errors import DomainError
from app.core.values import Id
from app.mail.links import guest_order_page
from app.orders.checkout import check_out
from app.orders.deps import Orders
from app.orders.errors import (
    CartEmpty,
    ItemsUnavailable,
    KeyInProgress,
    KeyReused,
    KeysExhausted,
    NotEnoughStock,
    PaymentDeclined,
    PriceNotInCurrency,
    TooLarge,
    TooManyDeclines,
    TotalChanged,
)
from app.orders.idempotency import Outcome, Refusal
from app.orders.models import Order
from app.web.access import Reader
from app.web.addresses import CHANGE
from app.web.buying.checkout_form import LOOK_AGAIN, UNDELIVERABLE, Desk, DeskDep, read_order
from app.web.buying.deps import BasketDep
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor, Visitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
KEY, MAX_KEY, UPDATE = "idempotency_key", 64, "update"


@dataclass(frozen=True, slots=True)
class ThanksPage(PageContext):
    """The order was placed."""

    template: ClassVar[str] = "buying/thanks.html"
    order: Order


@dataclass(frozen=True, slots=True)
class GuestOrderPage(PageContext):
    """The order of a guest."""

    template: ClassVar[str] = "buying/guest_order.html"
    order: Order


OrderToken = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{43}$")]


@router.get("/checkout")
async def review(request: Request, basket: BasketDep, desk: DeskDep) -> Response:
    """What will be bought, and for how much. A basket that cannot be ordered as it stands is mended first."""
    if not desk.lines or any(line.short for line in desk.lines) or await basket.is_over():
        return see_other("/basket")
    return render(request, await desk.page(Form(), uuid4().hex))


@router.post("/checkout")
async def pay(
    request: Request,
    sent: Sent,
    session: Session,
    visitor: AnyVisitor,
    desk: DeskDep,
    addresses: Addresses,
) -> Response:
    """Show the form anew, or place the order that it shows, once however often it is sent."""
    key = sent.get(KEY)
    if not key or len(key) > MAX_KEY or not key.isascii() or not key.isalnum():
        return see_other("/checkout")
    choices = await desk.choices(sent)
    if UPDATE in sent.values or CHANGE in sent.values:
        return render(request, await desk.page(sent, key, choices))
    wanted = read_order(sent, choices, is_guest=visitor.caller is None)
    if wanted is None:
        return render(request, await desk.page(sent, key, choices), 422)
    try:
        outcome = await check_out(session, desk.orders, desk.buyer, wanted, key)
    except PaymentDeclined as declined:
        sent.refuse(declined, "payment")
        return render(request, await desk.page(sent, key, choices), 402)  # and COMMIT: the decline is on record
    except UNDELIVERABLE as refusal:
        sent.refuse(refusal, "method")
        raise Answered(render(request, await desk.page(sent, key, choices), 422)) from refusal
    except (KeyReused, KeyInProgress, TooManyDeclines, KeysExhausted, CartTokenUnknown) as refusal:
        raise Answered(_sent_away(visitor, refusal)) from refusal
    if not outcome.confirmed:
        return await _refused(request, visitor, desk, sent, outcome.refusal)
    if visitor.caller:
        await _keep(addresses, visitor.caller, sent, wanted.ship_to)
    return see_other(_thanks(outcome))


@router.get("/order/{access_token}")
async def show_guest_order(request: Request, access_token: OrderToken, orders: Orders) -> Response:
    """The order of a guest, for whoever has the link: in the confirmation, and after paying."""
    return render(request, GuestOrderPage(await orders.of_guest(access_token)))


@router.get("/checkout/thanks/{order_id}")
async def thanks(request: Request, order_id: Id, reader: Reader, orders: Orders) -> Response:
    """Thanks for an order of the reader."""
    return render(request, ThanksPage(await orders.get_own(order_id, reader.id)))


async def _refused(request: Request, visitor: Visitor, desk: Desk, sent: Form, refusal: Refusal) -> Response:
    """What the key keeps: another total is looked at and paid under a new key, the rest is mended in the basket."""
    if refusal.code == TotalChanged.code:
        sent.errors[""] = ADVICE[refusal.code]
        return render(request, await desk.page(sent, uuid4().hex), 409)
    visitor.flash(ADVICE.get(refusal.code, refusal.detail), "bad")
    return see_other("/basket")


def _thanks(outcome: Outcome) -> str:
    """The page that thanks for the order: a guest's opens by its token."""
    token = outcome.access_token
    return guest_order_page(token) if token else f"/checkout/thanks/{outcome.order_id}"


def _sent_away(visitor: Visitor, refusal: DomainError) -> Response:
    """To where the buyer can go on from what cannot be helped here."""
    if isinstance(refusal, (KeyReused, KeyInProgress)):
        visitor.flash("Please look at your order once more.", "plain")
        return see_other("/checkout")
    visitor.flash(f"{refusal.detail} Nothing was charged.", "bad")
    return see_other("/basket")


async def _keep(addresses: Addresses, reader: Caller, sent: Form, ship_to: Address | None) -> None:
    """Put the address into the reader's book, where they asked for it, it is not there yet, and fits in."""
    if ship_to is None or not sent.get("save_address"):
        return
    if ship_to not in [entry.address for entry in await addresses.all(reader.id)]:
        with suppress(AddressBookFull):
            await addresses.add(reader.id, AddressIn(address=ship_to))


ADVICE: Mapping[str, str] = {
    CartEmpty.code: "Your basket is empty: the order may have been placed already. Look under your orders.",
    ItemsUnavailable.code: "A book of your basket is no longer sold and was taken out. Nothing was charged.",
    NotEnoughStock.code: "Some copies were sold in the meantime. Nothing was charged.",
    PriceNotInCurrency.code: "A price in your basket is wrong. Nothing was charged: please tell the shop.",
    TotalChanged.code: LOOK_AGAIN,
    TooLarge.code: "Your basket holds more titles than one order may have. Please take some out.",
}
