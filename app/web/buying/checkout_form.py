"""The form of the checkout: what can be chosen, what that comes to, and how the form is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Depends, Request
from pydantic import BaseModel

from app.accounts.schemas import Email
from app.addresses.deps import Addresses
from app.addresses.schemas import Address, Line
from app.cart.errors import CartTokenUnknown
from app.cart.models import CartOwner
from app.core.parts import SETTINGS
from app.core.values import Id
from app.delivery.deps import Delivery
from app.delivery.errors import AddressMissing, DeliveryMethodNotFound, DeliveryNotThere, TaxRateMissing
from app.delivery.rules import Place
from app.delivery.schemas import DeliveryOption
from app.delivery.service import DeliveryService
from app.orders.deps import Orders
from app.orders.errors import CartEmpty, EmailMissing, NameMissing, PriceNotInCurrency
from app.orders.placed import AnyBuyer, Guest
from app.orders.quotes import Quote
from app.orders.schemas import CheckoutRequest, DeliveryChoice, ExpectedTotal
from app.orders.service import OrderService, goods_of
from app.web.addresses import AddressFields, HomeCountry, address_of, changes_country
from app.web.buying.basket import BasketLine
from app.web.buying.deps import BasketDep
from app.web.forms import Form
from app.web.page import PageContext
from app.web.visitor import AnyVisitor

SHIP, BILL = "ship_", "bill_"
LOOK_AGAIN = "The total has changed. Nothing was charged: please look at it and pay again."
UNDELIVERABLE = (DeliveryMethodNotFound, DeliveryNotThere, AddressMissing, TaxRateMissing)


class Said(BaseModel):
    """What the form says besides the addresses; None where nothing was said."""

    email: Email | None = None
    name: Line = None
    method: Id | None = None
    expected_total: ExpectedTotal | None = None
    force_payment_failure: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen for the place that the form names, as far as it does, and what is chosen."""

    options: list[DeliveryOption]
    method: DeliveryOption | None
    place: Place
    ship_to: AddressFields
    bill_to: AddressFields

    @property
    def ships(self) -> bool:
        return self.method is not None and self.method.kind == "ship"


@dataclass(frozen=True, slots=True)
class CheckoutPage(PageContext):
    """The last look before paying; the total of `quote` is what the buyer agrees to.

    There is no quote where the order cannot be delivered so; the form's errors say why.
    """

    template: ClassVar[str] = "buying/checkout.html"
    form: Form
    lines: list[BasketLine]
    choices: Choices
    quote: Quote | None
    key: str
    payments_are_simulated: bool
    has_saved: bool

    @property
    def bills_elsewhere(self) -> bool:
        return bills_elsewhere(self.form)

    @property
    def labels(self) -> Mapping[str, str]:
        return {
            "method": "Delivery",
            "name": "Your name",
            **self.choices.ship_to.labels,
            **self.choices.bill_to.labels,
        }


def bills_elsewhere(form: Form) -> bool:
    """Whether the bill has an address of its own."""
    return bool(form.get("bill_elsewhere"))


@dataclass(slots=True)
class Desk:
    """What a checkout page is made with; an untouched form shows the address `saved`, or the country `home`."""

    request: Request
    buyer: AnyBuyer
    home: str
    orders: OrderService
    delivery: DeliveryService
    saved: Address | None
    lines: list[BasketLine]

    async def choices(self, form: Form) -> Choices:
        """What the form can choose. A way of delivery that does not reach the place is refused beside it."""
        ship_to = AddressFields(form, self.home, self.saved, SHIP, "shipping")
        bill_to = AddressFields(form, self.home, None, BILL, "billing")
        place = Place(ship_to.layout.country, _typed(ship_to, "region"), _typed(ship_to, "postal_code"))
        options = await self.delivery.options(place, goods_of(self.lines))
        return Choices(options, _method(form, options), place, ship_to, bill_to)

    async def page(self, form: Form, key: str, choices: Choices | None = None) -> CheckoutPage:
        """The form with what it comes to now."""
        choices = choices or await self.choices(form)
        return CheckoutPage(
            form=form,
            lines=self.lines,
            choices=choices,
            quote=await self._quote(form, choices),
            key=key,
            payments_are_simulated=SETTINGS.of(self.request).payment_provider == "mock",
            has_saved=self.saved is not None,
        )

    async def _quote(self, form: Form, choices: Choices) -> Quote | None:
        method = choices.method.method_id if choices.method else None
        try:
            return await self.orders.quote(self.buyer, method, choices.place)
        except UNDELIVERABLE as error:
            form.errors.setdefault("method", error.detail)
        except (CartEmpty, CartTokenUnknown, PriceNotInCurrency) as error:
            form.errors.setdefault("", error.detail)
        return None


async def get_desk(
    request: Request,
    visitor: AnyVisitor,
    home: HomeCountry,
    orders: Orders,
    delivery: Delivery,
    addresses: Addresses,
    basket: BasketDep,
) -> Desk:
    """For the basket of the visitor, and the address that a reader begins with."""
    reader = visitor.caller
    entry = await addresses.default(reader.id) if reader else None
    buyer = reader or Guest(CartOwner.guest(visitor.cart_token))
    return Desk(request, buyer, home, orders, delivery, entry.address if entry else None, await basket.lines())


DeskDep = Annotated[Desk, Depends(get_desk)]


def _typed(fields: AddressFields, name: str) -> str | None:
    """What a field of the address shows."""
    typed = fields.form.values.get(fields.prefix + name)
    return (fields.value(name) if typed is None else typed.strip()) or None


def _method(form: Form, options: list[DeliveryOption]) -> DeliveryOption | None:
    """The chosen way of delivery, the first where nothing was chosen."""
    said = form.get("method")
    for option in options:
        if str(option.method_id) == said:
            return option
    if said:
        form.errors.setdefault("method", DeliveryNotThere.detail)
    return options[0] if options else None


def read_order(form: Form, choices: Choices, *, is_guest: bool) -> CheckoutRequest | None:
    """The order that the form asks for; None where something is wrong, and the form's errors say what."""
    said = form.parse(Said)
    ship_to = _address(form, SHIP) if choices.ships else None
    bill_to = _address(form, BILL) if bills_elsewhere(form) else None
    if said is not None and is_guest:
        if said.email is None:
            form.errors["email"] = EmailMissing.detail
        if not (said.name or (ship_to and ship_to.name) or choices.ships):
            form.errors["name"] = NameMissing.detail
    if said is not None and said.expected_total is None:
        form.errors.setdefault("", LOOK_AGAIN)
    if said is None or form.errors or choices.method is None:
        return None
    return CheckoutRequest(
        force_payment_failure=said.force_payment_failure,
        expected_total=said.expected_total,
        email=said.email,
        name=said.name,
        delivery=DeliveryChoice(method=choices.method.method_id),
        ship_to=ship_to,
        bill_to=bill_to,
    )


def _address(form: Form, prefix: str) -> Address | None:
    """What was typed; None, with the form's errors, also where its fields are those of another country."""
    return None if changes_country(form, prefix) else address_of(form, prefix)
