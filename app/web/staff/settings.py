"""The settings of the shop: a page a section, and who saved what of it before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import available_timezones

from fastapi import APIRouter, Path, Request, Response

from app.addresses.rules import lines
from app.addresses.schemas import Address
from app.core.db.route import Session
from app.core.errors import DomainError
from app.shop.deps import CurrentShop, ShopDep, get_shop
from app.shop.errors import SettingsChanged
from app.shop.service import Saved
from app.shop.settings import SECTIONS, Section, ShopSettings
from app.web.access import Staff
from app.web.addresses import AddressFields, address_of, changes_country, get_home_country
from app.web.errors import Answered
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.countries import choices
from app.web.staff.deps import SettingsDesk
from app.web.staff.query_params import number
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
SectionName = Annotated[Literal["identity", "contact", "selling"], Path()]
HOME, ADDRESS, SHOWN = "/staff/settings", "address_", 20
TITLES = {"identity": "Identity", "contact": "Contact", "selling": "Selling"}
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a section's form. `choices` make it a choice of one, `mode` tells the keyboard what is typed."""

    name: str
    label: str
    hint: str = ""
    required: bool = False
    kind: str = "text"
    choices: Choices = ()
    mode: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        found = {"inputmode": self.mode} if self.mode else {}
        return found | {"maxlength": "200", "autocomplete": "off"}


TAX_MODES = [("none", "No tax"), ("included", "Tax is in the prices"), ("added", "Tax is added to the prices")]
SHIP_TAX = [("destination", "Where the parcel goes"), ("home", "At home, below the threshold of the EU")]


@cache
def fields_of(section: str) -> list[Setting]:
    """What the form of a section has, beside the shop's address."""
    return {
        "identity": [
            Setting("name", "Name", required=True),
        ],
        "contact": [
            Setting("company", "Company", "The legal name of who sells. It stands on receipts."),
            Setting("tax_number", "Tax number", "As it must stand on receipts."),
            Setting("email", "E-mail address", kind="email", mode="email"),
            Setting("phone", "Phone", kind="tel", mode="tel"),
        ],
        "selling": [
            Setting("currency", "Currency", "Three letters of ISO 4217, like EUR.", required=True),
            Setting(
                "time_zone",
                "Time zone",
                required=True,
                choices=[(name, name) for name in sorted(available_timezones())],
            ),
            Setting("tax_mode", "Tax", required=True, choices=TAX_MODES),
            Setting("ship_tax_at", "Tax of parcels is due", required=True, choices=SHIP_TAX),
            Setting("home_country", "Country of the shop", choices=[("", "None"), *choices()]),
            Setting("home_region", "State or region of the shop"),
            Setting("home_postal_code", "Postal code of the shop"),
            Setting(
                "low_stock_threshold", "Low stock from", "Staff are told at this many.", required=True, mode="numeric"
            ),
            Setting(
                "few_left_threshold",
                "“Only a few left” from",
                "Readers are told at this many; 0: never.",
                required=True,
                mode="numeric",
            ),
        ],
    }[section]


@dataclass(frozen=True, slots=True)
class SettingsPage(PageContext):
    """The form of a section. `was_changed`: somebody else saved it meanwhile, so what is stored stands beside."""

    template: ClassVar[str] = "staff/settings.html"
    form: Form
    section: str
    stored: ShopSettings
    history: list[Saved]
    country: str
    was_changed: bool = False

    @property
    def title(self) -> str:
        return TITLES[self.section]

    @property
    def sections(self) -> list[tuple[str, str]]:
        return [(HOME if name == "identity" else f"{HOME}/{name}", title) for name, title in TITLES.items()]

    @property
    def fields(self) -> list[Setting]:
        return fields_of(self.section)

    @property
    def labels(self) -> dict[str, str]:
        """What the fields are called, for the list of what is wrong."""
        named = {setting.name: setting.label for setting in self.fields}
        return named | (dict(self.address.labels) if self.address else {})

    @property
    def version(self) -> int:
        return self.stored.versions.get(self.section, 0)

    def value(self, name: str) -> str:
        """What is stored in that field."""
        value = getattr(getattr(self.stored, self.section), name)
        return "" if value is None else str(value)

    def hint(self, setting: Setting) -> str:
        """What the field is for, and what is stored, where somebody else stored it."""
        stored = self.value(setting.name)
        if not self.was_changed or stored == self.form.get(setting.name).replace("\r\n", "\n"):
            return setting.hint
        names = dict(setting.choices)
        return f"{setting.hint} Stored now: {names.get(stored, stored) or 'nothing'}".strip()

    @property
    def address(self) -> AddressFields | None:
        """The fields of the shop's address, where the section has one."""
        if self.section != "contact":
            return None
        return AddressFields(self.form, self.country, self.stored.contact.address, ADDRESS, needs_name=False)

    @property
    def stored_address(self) -> list[str]:
        """Its lines as they are stored, where somebody else saved it meanwhile."""
        address = self.stored.contact.address
        return lines(address) if address and self.was_changed and self.section == "contact" else []

    def told(self, name: str, value: Any) -> str:
        """A value of the history for people."""
        if name == "address" and isinstance(value, Mapping):
            return ", ".join(lines(Address.model_validate(value)))
        return "" if value is None else str(value)

    def label(self, name: str) -> str:
        return {"address": "Address"}.get(name) or self.labels.get(name, name)


@router.get("/staff/settings")
async def show_identity(request: Request, _: Staff, shop: CurrentShop, service: ShopDep) -> Response:
    """What the shop is called."""
    return await _shown(request, Form(), "identity", shop, service)


@router.get("/staff/settings/{section}")
async def show_section(
    request: Request, section: SectionName, _: Staff, shop: CurrentShop, service: ShopDep
) -> Response:
    """The form of a section."""
    return await _shown(request, Form(), section, shop, service)


@router.post("/staff/settings/{section}")
async def save(
    request: Request,
    section: SectionName,
    sent: Sent,
    _: Staff,
    visitor: AnyVisitor,
    shop: CurrentShop,
    service: ShopDep,
    session: Session,
    desk: SettingsDesk,
) -> Response:
    """Save a section whole, unless somebody else did since the form was shown."""
    if section == "contact" and changes_country(sent, ADDRESS):
        return await _shown(request, sent, section, shop, service)
    values = _given(sent, section)
    if values is None:
        return await _shown(request, sent, section, shop, service)
    try:
        await desk.save(section, values, number(sent.get("version")) or 0, shop)
    except DomainError as error:
        sent.refuse(error)
        was_changed = isinstance(error, SettingsChanged)
        stored = await get_shop(request, session) if was_changed else shop
        raise Answered(await _shown(request, sent, section, stored, service, was_changed=was_changed)) from error
    visitor.flash("Saved.")
    return see_other(HOME if section == "identity" else f"{HOME}/{section}")


def _given(sent: Form, section: str) -> Section | None:
    """What the form says; None when something is wrong with it, and its errors say what."""
    settings = fields_of(section)
    part = Form({setting.name: sent.get(setting.name) for setting in settings})
    for setting in settings:
        if setting.required and not part.values[setting.name]:
            sent.errors[setting.name] = "Please fill this in."
    values = part.parse(SECTIONS[section])
    sent.errors = part.errors | sent.errors
    if section == "contact":
        address = _address(sent)
        values = values and values.model_copy(update={"address": address})
    return None if sent.errors else values


def _address(sent: Form) -> Address | None:
    """The shop's address; a shop need not have one."""
    unwritten = {f"{ADDRESS}country", f"{ADDRESS}fields_of"}
    if not any(sent.get(name) for name in sent.values if name.startswith(ADDRESS) and name not in unwritten):
        return None
    return address_of(sent, ADDRESS, needs_name=False)


async def _shown(
    request: Request,
    form: Form,
    section: str,
    stored: ShopSettings,
    service: ShopDep,
    *,
    was_changed: bool = False,
) -> Response:
    if was_changed:  # whoever saves again has seen what is stored
        form.values.pop("version", None)
    history = await service.history(section, SHOWN)
    country = await get_home_country(request, stored)
    return render(
        request,
        SettingsPage(form, section, stored, history, country, was_changed),
        422 if form.errors else 200,
    )
