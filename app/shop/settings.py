"""What the bookseller says of the shop: three sections, each a model with defaults that need nothing to be said."""

import unicodedata
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import get_currency_precision, list_currencies
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.addresses.schemas import Address, Country
from app.core.money import TaxMode
from app.core.values import SingleLine

_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _seen(text: str) -> str:
    """Refuse what turns the text around it, or ends a line unseen."""
    if any(unicodedata.category(sign) in {"Zl", "Zp", "Cs"} or sign in _DIRECTIONS for sign in text):
        raise ValueError("must not contain invisible characters or marks of direction")
    return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("must be a time zone like Europe/Berlin")
    return name


def _known_currency(code: str) -> str:
    if code not in list_currencies("en"):
        raise ValueError("must be a currency like EUR")
    return code


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), SingleLine, AfterValidator(_seen)]
Mailbox = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=255, pattern=r"^$|^[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+$"
    ),
    SingleLine,
]
Copies = Annotated[int, Field(ge=0, le=1_000_000)]


class Section(BaseModel):
    """A part of the settings that is saved as a whole."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Identity(Section):
    """What the shop is called."""

    name: Annotated[Line, Field(min_length=1)] = "Bookstore"


class Contact(Section):
    """Who runs the shop, and how to reach it, as receipts say."""

    company: Line = ""
    tax_number: Line = ""
    email: Mailbox = ""
    phone: Line = ""
    address: Address | None = None


class Selling(Section):
    """In what the shop sells, by which clock, and with which tax."""

    currency: Annotated[
        str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(_known_currency)
    ] = "USD"
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    tax_mode: TaxMode = TaxMode.NONE
    home_country: Country | None = None
    home_region: Line = ""
    home_postal_code: Line = ""
    ship_tax_at: Literal["destination", "home"] = "destination"
    low_stock_threshold: Copies = 10
    few_left_threshold: Copies = 3


SECTIONS: dict[str, type[Section]] = {
    "identity": Identity,
    "contact": Contact,
    "selling": Selling,
}


@dataclass(frozen=True)
class ShopSettings:
    """All that was said, as of `version`, which grows with each save; `versions` are those of the sections."""

    identity: Identity = field(default_factory=Identity)
    contact: Contact = field(default_factory=Contact)
    selling: Selling = field(default_factory=Selling)
    version: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    NAMES: ClassVar = tuple(SECTIONS)

    @property
    def name(self) -> str:
        """What the shop is called."""
        return self.identity.name

    @property
    def currency(self) -> str:
        """Its three letters."""
        return self.selling.currency

    @cached_property
    def decimals(self) -> int:
        """How many the currency has."""
        return get_currency_precision(self.selling.currency)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The shop's clock."""
        return ZoneInfo(self.selling.time_zone)
