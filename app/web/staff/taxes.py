"""Which tax is due where, from when on, and who says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Path, Request, Response

from app.core.errors import DomainError
from app.core.values import Id
from app.delivery.deps import Taxes
from app.delivery.errors import DeliveryChanged
from app.delivery.given import RateGiven
from app.delivery.models import TaxRate
from app.web.access import Staff
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.countries import KNOWN, choices, country_name
from app.web.staff.query_params import number
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
HOME = "/staff/taxes"
CATEGORIES = [("book", "Books"), ("ebook", "E-books"), ("other", "Everything else")]
RateId = Annotated[Id, Path()]


@dataclass(frozen=True, slots=True)
class TaxesPage(PageContext):
    """All rates, and the form of a new one."""

    template: ClassVar[str] = "staff/taxes.html"
    form: Form
    rates: Sequence[TaxRate]
    rate: None = None

    @property
    def categories(self) -> list[tuple[str, str]]:
        return CATEGORIES

    @property
    def countries(self) -> list[tuple[str, str]]:
        return [("", "Please choose"), *choices()]

    @property
    def named(self) -> list[tuple[TaxRate, str, str, str]]:
        """Each rate with its goods, place and percentage as people read them."""
        names = dict(CATEGORIES)
        return [(rate, names[rate.category], place_of(rate), percent_of(rate)) for rate in self.rates]


@dataclass(frozen=True, slots=True)
class TaxPage(PageContext):
    """The form of a rate."""

    template: ClassVar[str] = "staff/tax.html"
    form: Form
    rate: TaxRate

    @property
    def categories(self) -> list[tuple[str, str]]:
        return CATEGORIES

    @property
    def countries(self) -> list[tuple[str, str]]:
        return choices()

    @property
    def percent(self) -> str:
        return percent_of(self.rate)

    @property
    def place(self) -> str:
        return place_of(self.rate)


def percent_of(rate: TaxRate) -> str:
    """7, 8.875"""
    return f"{(rate.rate * 100).normalize():f}"


def place_of(rate: TaxRate) -> str:
    """Where a rate counts, as people read it."""
    region = f", {rate.region.upper()}" if rate.region else ""
    prefix = f", postal codes {rate.postal_prefix}…" if rate.postal_prefix else ""
    return country_name(rate.country) + region + prefix


@router.get("/staff/taxes")
async def show_taxes(request: Request, _: Staff, taxes: Taxes) -> Response:
    """All rates."""
    return render(request, TaxesPage(Form(), await taxes.all()))


@router.post("/staff/taxes")
async def add_rate(request: Request, sent: Sent, staff: Staff, visitor: AnyVisitor, taxes: Taxes) -> Response:
    """Add a rate; the one before it ends where it begins."""
    page = TaxesPage(sent, await taxes.all())
    given = _given(sent)
    if given is None:
        return render(request, page, 422)
    try:
        await taxes.add(given, staff)
    except DomainError as error:
        sent.refuse(error)
        raise Answered(render(request, page, 422)) from error
    visitor.flash(f"The rate counts from {given.valid_from:%Y-%m-%d} on.")
    return see_other(HOME)


@router.get("/staff/taxes/{rate_id:int}")
async def show_rate(request: Request, rate_id: RateId, _: Staff, taxes: Taxes) -> Response:
    """The form of a rate."""
    return render(request, TaxPage(Form(), await taxes.get(rate_id)))


@router.post("/staff/taxes/{rate_id:int}")
async def change_rate(
    request: Request, rate_id: RateId, sent: Sent, staff: Staff, visitor: AnyVisitor, taxes: Taxes
) -> Response:
    """Correct or delete it."""
    page, version = TaxPage(sent, await taxes.get(rate_id)), number(sent.get("version")) or 0
    deletes = sent.get("do") == "delete"
    given = None if deletes else _given(sent)
    if given is None and not deletes:
        return render(request, page, 422)
    try:
        if given is None:
            await taxes.delete(rate_id, version, staff)
        else:
            await taxes.change(rate_id, given, version, staff)
    except DomainError as error:
        sent.refuse(error)
        if isinstance(error, DeliveryChanged):
            sent.values["version"] = str(page.rate.version)
        raise Answered(render(request, page, 422)) from error
    visitor.flash("The rate is gone." if deletes else "Saved.")
    return see_other(HOME)


def _given(sent: Form) -> RateGiven | None:
    given = sent.parse(RateGiven)
    if given and given.country not in KNOWN:
        sent.errors["country"] = "Please choose a country of the list."
        return None
    if "" in sent.errors:  # that it ends before it begins is said of no field
        sent.errors["valid_to"] = sent.errors.pop("")
    return given
