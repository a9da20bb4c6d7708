"""What staff may say of delivery and tax rates, checked."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from app.catalog.schemas import TaxCategory
from app.core.values import INT_MAX, PlainDecimal, SingleLine, iso_date
from app.delivery.rules import Area, Step, folded_postal, folded_region

MAX_ROWS = 200
"""Of locations, zones and methods each."""
MAX_RATES = 5000
MAX_AREAS = 2000
MAX_STEPS = 30
LONGEST_PREFIX = 20
HIGHEST = Decimal("999999.999")
_UNSEEN = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _plain(text: str) -> str:
    if not _UNSEEN.isdisjoint(text):
        raise ValueError("must not contain characters that nobody sees")
    return text


def _lines(text: str) -> str:
    plain = text.replace("\r\n", "\n")
    if any(ord(character) < ord(" ") and character != "\n" for character in plain):
        raise ValueError("must not contain control characters")
    return plain


def _tracking(address: str) -> str:
    if address and (not address.startswith("https://") or "{number}" not in address or " " in address):
        raise ValueError("must begin with https:// and have {number} where the number of the parcel goes")
    return address


def line(most: int, least: int = 0) -> StringConstraints:
    """A text of one line of so many characters."""
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most)


Name = Annotated[str, line(100, 1), SingleLine, AfterValidator(_plain)]
Line = Annotated[str, line(200), SingleLine, AfterValidator(_plain)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_lines), AfterValidator(_plain)
]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
Amount = Annotated[Decimal, PlainDecimal, Field(ge=0, le=HIGHEST, decimal_places=3)]
Position = Annotated[int, Field(ge=0, le=1000)]
Days = Annotated[int | None, Field(ge=0, le=365)]
Day = Annotated[date, BeforeValidator(iso_date)]


class LocationGiven(BaseModel):
    """A location; without a country it has no address."""

    name: Name
    country: Country | None = None
    street: Text = ""
    postal_code: Annotated[str, line(20), SingleLine, AfterValidator(_plain)] = ""
    city: Annotated[str, line(100), SingleLine, AfterValidator(_plain)] = ""
    region: Annotated[str, line(100), SingleLine, AfterValidator(_plain)] = ""
    hours: Text = ""
    ready_hours: Annotated[int, Field(ge=0, le=1000)] = 24
    position: Position = 0
    is_active: bool = False

    @property
    def address(self) -> dict[str, str] | None:
        """The keys that are given, as an address is stored."""
        if self.country is None:
            return None
        given = {name: getattr(self, name) for name in ("country", "street", "city", "region", "postal_code")}
        return {name: value for name, value in given.items() if value}


class MethodGiven(BaseModel):
    """A method without its prices; one that collects has a location, one that ships a zone."""

    kind: Literal["collect", "ship"]
    name: Name
    description: Text = ""
    location_id: Annotated[int | None, Field(ge=1, le=INT_MAX)] = None
    zone_id: Annotated[int | None, Field(ge=1, le=INT_MAX)] = None
    free_from: Amount | None = None
    min_days: Days = None
    max_days: Days = None
    tracking_url: Annotated[Line, AfterValidator(_tracking)] = ""
    position: Position = 0
    is_active: bool = False


class StepGiven(BaseModel):
    """A row of prices."""

    up_to_grams: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    price: Amount

    @property
    def step(self) -> Step:
        return Step(self.up_to_grams, self.price)


class RateGiven(BaseModel):
    """A rate from a day on; `percent` as people write it."""

    category: TaxCategory
    country: Country
    region: Annotated[str, line(100), SingleLine, AfterValidator(_plain)] = ""
    postal_prefix: Annotated[str, line(20), SingleLine, AfterValidator(_plain)] = ""
    percent: Annotated[Decimal, PlainDecimal, Field(ge=0, le=100, decimal_places=3)]
    valid_from: Day
    valid_to: Day | None = None
    source: Annotated[str, line(500, 3), SingleLine, AfterValidator(_plain)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("The rate must end after it begins")
        return self

    @property
    def area(self) -> Area:
        return Area(self.country, folded_region(self.region), folded_postal(self.postal_prefix))

    @property
    def rate(self) -> Decimal:
        return self.percent / 100


def areas_of(countries: Sequence[str], parts: str, known: frozenset[str]) -> set[Area]:
    """Ticked countries, and parts of countries from lines such as `US-CA`, `DE 10, 12` or `US-NY 100`.

    Raises ValueError, whose text is a sentence for people.
    """
    whole = {country for country in countries if country in known}
    areas = {Area(country) for country in whole}
    for text in parts.splitlines():
        if not text.strip():
            continue
        head, _, codes = text.strip().partition(" ")
        country, _, region = head.upper().partition("-")
        prefixes = [folded_postal(code) for code in codes.split(",") if code.strip()]
        if country not in known or (not region and not prefixes):
            raise ValueError(
                f"“{text.strip()[:40]}” is no part of a country: write it like US-CA, DE 10, 12 or US-NY 100."
            )
        if country in whole:
            raise ValueError(f"{country} is ticked as a whole: untick it to deliver to parts of it only.")
        if None in prefixes or any(len(prefix or "") > LONGEST_PREFIX for prefix in prefixes):
            raise ValueError(f"“{text.strip()[:40]}” has no postal codes behind the country.")
        areas |= {Area(country, folded_region(region), prefix) for prefix in prefixes or [None]}
    if not areas:
        raise ValueError("Tick a country, or name a part of one.")
    if len(areas) > MAX_AREAS:
        raise ValueError(f"A zone has up to {MAX_AREAS} places; make another one for the rest.")
    return areas


def parts_text(areas: Sequence[Area]) -> str:
    """The parts among the areas, as `areas_of` reads them."""
    lines: set[str] = set()
    codes: dict[str, list[str]] = {}
    for area in areas:
        head = f"{area.country}-{area.region.upper()}" if area.region else area.country
        if area.postal_prefix:
            codes.setdefault(head, []).append(area.postal_prefix)
        elif area.region:
            lines.add(head)
    lines |= {f"{head} {', '.join(sorted(prefixes))}" for head, prefixes in codes.items()}
    return "\n".join(sorted(lines))


def steps_in_order(steps: Sequence[Step]) -> list[Step]:
    """Lightest first. Raises ValueError where two are for the same weight, or there are too many."""
    if len({step.up_to_grams for step in steps}) < len(steps):
        raise ValueError("Two rows are for the same weight.")
    if len(steps) > MAX_STEPS:
        raise ValueError(f"A method has up to {MAX_STEPS} rows of prices.")
    return sorted(steps, key=lambda step: (step.up_to_grams is None, step.up_to_grams or 0))
