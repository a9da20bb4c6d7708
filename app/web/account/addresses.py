"""The address book of the reader."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from app.addresses.deps import Addresses
from app.addresses.errors import AddressBookFull, AddressChanged, AddressNotFound
from app.addresses.models import SavedAddress
from app.addresses.schemas import AddressIn, ChangeAddress, Label
from app.core.values import Id
from app.web.access import Reader
from app.web.addresses import AddressFields, HomeCountry, address_of, changes_country
from app.web.errors import Answered
from app.web.forms import Form, Sent, rerender_form
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
BOOK, NEW = "/account/addresses", "/account/addresses/new"
AddressId = Annotated[Id, Path()]
GONE = "This address was deleted elsewhere meanwhile. Save it, and it is kept as a new one."


@dataclass(frozen=True, slots=True)
class AddressesPage(PageContext):
    """All addresses, the default first."""

    template: ClassVar[str] = "account/addresses.html"
    addresses: Sequence[SavedAddress]


@dataclass(frozen=True, slots=True)
class AddressPage(PageContext):
    """The form of an address; `entry` is what is stored now, None for a new one.

    `country` is that of an empty form. `was_changed` shows what is stored beside what was typed.
    """

    template: ClassVar[str] = "account/address.html"
    form: Form
    country: str
    entry: SavedAddress | None = None
    was_changed: bool = False

    @property
    def path(self) -> str:
        return f"{BOOK}/{self.entry.id}" if self.entry else NEW

    @property
    def address(self) -> AddressFields:
        return AddressFields(self.form, self.country, self.entry.address if self.entry else None)


class Kept(BaseModel):
    """What the form says beside the address."""

    label: Label = None
    is_default: bool = False
    version: Id | None = None


@router.get(BOOK)
async def show_addresses(request: Request, reader: Reader, addresses: Addresses) -> Response:
    """The list."""
    return render(request, AddressesPage(await addresses.all(reader.id)))


@router.get(NEW)
async def ask_for_address(request: Request, reader: Reader, addresses: Addresses, home: HomeCountry) -> Response:
    """The empty form, for the country of the default address."""
    default = await addresses.default(reader.id)
    return render(request, AddressPage(Form(), default.address.country if default else home))


@router.post(NEW)
async def add(
    request: Request, sent: Sent, visitor: AnyVisitor, reader: Reader, addresses: Addresses, home: HomeCountry
) -> Response:
    """Put it into the book."""
    page = AddressPage(sent, home)
    if changes_country(sent, ""):
        return _anew(request, page)
    wanted = _read(sent)
    if wanted is None:
        return _anew(request, page)
    try:
        await addresses.add(reader.id, AddressIn(**dict(wanted)))
    except AddressBookFull as error:
        sent.refuse(error)
        raise rerender_form(request, page, error) from error
    visitor.flash("The address is in your book.")
    return see_other(BOOK)


@router.get(f"{BOOK}/{{address_id}}")
async def show_address(
    request: Request, address_id: AddressId, reader: Reader, addresses: Addresses, home: HomeCountry
) -> Response:
    """The form, filled."""
    entry = await addresses.get(reader.id, address_id)
    return render(request, AddressPage(Form(), home, entry))


@router.post(f"{BOOK}/{{address_id}}")
async def change(
    request: Request,
    address_id: AddressId,
    sent: Sent,
    visitor: AnyVisitor,
    reader: Reader,
    addresses: Addresses,
    home: HomeCountry,
) -> Response:
    """Write it anew, unless somebody else did since it was read: then both are shown, and nothing is lost."""
    try:
        entry = await addresses.get(reader.id, address_id)
        page = AddressPage(sent, home, entry)
        if changes_country(sent, ""):
            return _anew(request, page)
        wanted = _read(sent)
        if wanted is None:
            return _anew(request, page)
        await addresses.change(reader.id, address_id, wanted)
    except AddressChanged as error:
        sent.refuse(error)
        now = await addresses.get(reader.id, address_id)
        raise rerender_form(request, AddressPage(sent, home, now, was_changed=True), error) from error
    except AddressNotFound as error:
        if "street" not in sent.values:
            raise
        sent.errors[""] = GONE
        raise rerender_form(request, AddressPage(sent, home), error) from error
    visitor.flash("The address is changed.")
    return see_other(BOOK)


@router.post(f"{BOOK}/{{address_id}}/default")
async def make_default(address_id: AddressId, visitor: AnyVisitor, reader: Reader, addresses: Addresses) -> Response:
    """A checkout begins with it."""
    try:
        await addresses.make_default(reader.id, address_id)
    except AddressNotFound as error:
        visitor.flash(error.detail, "bad")
        raise Answered(see_other(BOOK)) from error
    visitor.flash("This is your default address now.")
    return see_other(BOOK)


@router.post(f"{BOOK}/{{address_id}}/delete")
async def delete(address_id: AddressId, visitor: AnyVisitor, reader: Reader, addresses: Addresses) -> Response:
    """Take it out, once however often it is asked."""
    with suppress(AddressNotFound):
        await addresses.delete(reader.id, address_id)
    visitor.flash("The address is not in your book any more.")
    return see_other(BOOK)


def _anew(request: Request, page: AddressPage) -> Response:
    """The form with what was typed."""
    return render(request, page, 422 if page.form.errors else 200)


def _read(sent: Form) -> ChangeAddress | None:
    """The entry that was filled in; None where it is not right, and the form says why."""
    kept, address = sent.parse(Kept), address_of(sent, "")
    if kept is None or address is None:
        return None
    return ChangeAddress(label=kept.label, address=address, is_default=kept.is_default, version=kept.version)
