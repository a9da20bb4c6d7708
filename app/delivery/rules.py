"""Places, parcels and rates on plain values: what reaches where, for how much, with which tax."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from app.core.money import NOTHING, TaxMode

DEFAULT_GRAMS = 500
"""What a book without a weight is taken to weigh."""
CHANGES_LOCK = 6_171_014
"""An advisory lock: who changes delivery or tax rates holds it, so that each sees what the others left."""
EUROPEAN_UNION = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905
)


class Kind(StrEnum):
    """How an order gets to its buyer."""

    COLLECT = "collect"
    SHIP = "ship"


class Addressed(Protocol):
    """What an address says of its place."""

    @property
    def country(self) -> str: ...
    @property
    def region(self) -> str | None: ...
    @property
    def postal_code(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere on earth, as exactly as it is known."""

    country: str | None = None
    region: str | None = None
    postal_code: str | None = None

    @classmethod
    def of(cls, address: Addressed) -> "Place":
        return cls(address.country, address.region, address.postal_code)


class Part(Protocol):
    """A country or a part of it, folded."""

    @property
    def country(self) -> str: ...
    @property
    def region(self) -> str | None: ...
    @property
    def postal_prefix(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Area:
    """A country, or what of it has that region and postal codes that begin so. Folded as it is stored."""

    country: str
    region: str | None = None
    postal_prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The price in major units of a parcel up to so many grams; None: of any that is heavier."""

    up_to_grams: int | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of a category in an area, from a day until before another; None: without end."""

    category: str
    area: Area
    rate: Decimal
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Goods:
    """What is to be delivered: its value before delivery in major units, weight, and the categories in it."""

    items_total: Decimal = NOTHING
    grams: int = 0
    categories: frozenset[str] = frozenset({"book"})


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """How a shop is taxed: `home` is where it stands, `ship_to_home` taxes parcels as if sold there."""

    mode: TaxMode = TaxMode.NONE
    home: Place = Place()
    ship_to_home: bool = False


def parcel_grams(lines: Iterable[tuple[int | None, int]]) -> int:
    """The weight of copies, given as pairs of the weight of one and their number."""
    return sum((weight or DEFAULT_GRAMS) * quantity for weight, quantity in lines)


def folded_postal(code: str | None) -> str | None:
    """A postal code or its beginning for comparing: `SW1A 1AA` and `sw1a1aa` are the same."""
    return "".join(character for character in (code or "").upper() if character.isalnum()) or None


def folded_region(region: str | None) -> str | None:
    """A region for comparing, whatever its case and blanks."""
    return " ".join((region or "").casefold().split()) or None


def lies_in(place: Place, part: Part) -> bool:
    """Whether the place is in that part. What is not known of a place is in no part that asks for it."""
    if place.country is None or place.country.upper() != part.country:
        return False
    if part.region is not None and folded_region(place.region) != part.region:
        return False
    return part.postal_prefix is None or (folded_postal(place.postal_code) or "").startswith(part.postal_prefix)


def reaches(areas: Iterable[Part], place: Place) -> bool:
    """Whether one of the areas has the place."""
    return any(lies_in(place, area) for area in areas)


def precision(part: Part) -> tuple[int, bool]:
    """How exactly a part is told: the longest postal prefix first, then a region, then a whole country."""
    return len(part.postal_prefix or ""), part.region is not None


def price_for(steps: Iterable[Step], free_from: Decimal | None, goods: Goods) -> Decimal | None:
    """What delivery of the goods costs; None when the parcel is too heavy. The lightest step that holds it counts.

    Goods that are too heavy are not sent for nothing either.
    """
    fitting = [step for step in steps if step.up_to_grams is None or goods.grams <= step.up_to_grams]
    if not fitting:
        return None
    if free_from is not None and goods.items_total >= free_from:
        return NOTHING
    return min(fitting, key=lambda step: (step.up_to_grams is None, step.up_to_grams or 0)).price


def in_force(rate: Rate, day: date) -> bool:
    """Whether the rate counts on that day."""
    return rate.valid_from <= day and (rate.valid_to is None or day < rate.valid_to)


def rates_at(rates: Iterable[Rate], place: Place, day: date) -> Mapping[str, Decimal]:
    """The rate of each category there on that day: that of the most exact area which has the place."""
    fitting = [rate for rate in rates if in_force(rate, day) and lies_in(place, rate.area)]
    return {rate.category: rate.rate for rate in sorted(fitting, key=lambda rate: precision(rate.area))}


def place_text(place: Place) -> str:
    """A place in a sentence."""
    return " ".join(part for part in (place.country, place.region, place.postal_code) if part) or "an unknown place"
