"""Checkout pages: review, pay, and what came of it. The form carries a key, so that a second click is harmless."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from app.core.db.route import Session
from app.core.parts import SETTINGS
from app.core.values import Id
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
    TooLarge,
    TooManyDeclines,
    TotalChanged,
)
from app.orders.idempotency import Refusal
from app.orders.models import Order
from app.orders.pricing import price
from app.orders.schemas import CheckoutRequest
from app.web.access import Reader
from app.web.buying.basket import BasketLine
from app.web.buying.deps import BasketDep
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
KEY, MAX_KEY = "idempotency_key", 64


@dataclass(frozen=True, slots=True)
class CheckoutPage(PageContext):
    """The last look before paying; `total` is what the buyer agrees to."""

    template: ClassVar[str] = "buying/checkout.html"
    form: Form
    lines: list[BasketLine]
    total: Decimal
    key: str
    payments_are_simulated: bool


@dataclass(frozen=True, slots=True)
class ThanksPage(PageContext):
    """The order was placed."""

    template: ClassVar[str] = "buying/thanks.html"
    order: Order


@router.get("/checkout")
async def review(request: Request, basket: BasketDep, _: Reader) -> Response:
    """What will be bought, and for how much. A basket that cannot be ordered as it stands is mended first."""
    lines = await basket.lines()
    if not lines or any(line.short for line in lines) or await basket.is_over():
        return see_other("/basket")
    return _form(request, Form(), lines, uuid4().hex)


@router.post("/checkout")
async def pay(
    request: Request,
    sent: Sent,
    session: Session,
    visitor: AnyVisitor,
    reader: Reader,
    orders: Orders,
    basket: BasketDep,
) -> Response:
    """Place the order that the form shows, once however often it is sent."""
    key = sent.get(KEY)
    wanted = sent.parse(CheckoutRequest)
    if wanted is None or not key or len(key) > MAX_KEY or not key.isascii() or not key.isalnum():
        return see_other("/checkout")
    try:
        outcome = await check_out(session, orders, reader, wanted, key)
    except PaymentDeclined as declined:
        sent.refuse(declined, "")
        lines = await basket.lines()
        return _form(request, sent, lines, key, 402)  # and COMMIT: the decline is on record
    except (KeyReused, KeyInProgress) as error:
        visitor.flash("Please look at your order once more.", "plain")
        raise Answered(see_other("/checkout")) from error
    except (TooManyDeclines, KeysExhausted) as error:
        visitor.flash(f"{error.detail} Nothing was charged.", "bad")
        raise Answered(see_other("/basket")) from error
    if outcome.confirmed:
        return see_other(f"/checkout/thanks/{outcome.order_id}")
    visitor.flash(_advice(outcome.refusal), "bad")
    return see_other("/basket")


@router.get("/checkout/thanks/{order_id}")
async def thanks(request: Request, order_id: Id, reader: Reader, orders: Orders) -> Response:
    """Thanks for an order of the reader."""
    return render(request, ThanksPage(await orders.get_own(order_id, reader.id)))


def _form(request: Request, form: Form, lines: list[BasketLine], key: str, status: int = 200) -> Response:
    simulated = SETTINGS.of(request).payment_provider == "mock"
    return render(request, CheckoutPage(form, lines, price(lines).grand_total, key, simulated), status)


def _advice(refusal: Refusal) -> str:
    """What the refusal of a checkout means for the buyer, who stands before the basket now."""
    return ADVICE.get(refusal.code, refusal.detail)


ADVICE: Mapping[str, str] = {
    CartEmpty.code: "Your basket is empty: the order may have been placed already. Look under your orders.",
    ItemsUnavailable.code: "A book of your basket is no longer sold and was taken out. Nothing was charged.",
    NotEnoughStock.code: "Some copies were sold in the meantime. Nothing was charged.",
    TooLarge.code: "Your basket holds more titles than one order may have. Please take some out.",
    TotalChanged.code: "A price has changed since you looked. Nothing was charged: please look again.",
}
