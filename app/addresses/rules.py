"""What is missing or wrong in an address, and how a parcel shows it. Tax numbers are checked by python-stdnum."""

import re
import unicodedata
from collections.abc import Mapping

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from app.addresses.countries import (
    FIELDS,
    AddressForm,
    Country,
    CountryRules,
    countries,
    country_codes,
    country_name,
    folded,
    rules_of,
)
from app.addresses.errors import AddressInvalid
from app.addresses.schemas import Address

__all__ = ["AddressForm", "Country", "check", "countries", "country_name", "form_of", "lines"]

_NAMES_ON_PARCELS = frozenset({"ES"})  # where the codes of regions are no abbreviations that the post knows
_ALIKE = {"GR": "EL", "MC": "FR"}  # VAT numbers that begin otherwise than their country
_FEWEST_PHONE_DIGITS = 4
MISSING = "Please fill this in."


def form_of(country: str) -> AddressForm:
    """What an address there consists of. Raises KeyError where there is no such country."""
    return rules_of(country).form


def check(address: Address, *, needs_name: bool = False, within: str = "") -> Address:
    """The address as it is stored: region and VAT number in the form they have there, postal code in capitals.

    `needs_name` asks for a name or a company as well, `within` is the key that holds the address. A field that the
    country has no place for is kept.

    Raises:
        AddressInvalid: with a sentence for each field that is missing or wrong.
    """
    if address.country not in country_codes():
        raise AddressInvalid({"country": "Please choose a country."}, Address.LABELS, within)
    rules = rules_of(address.country)
    errors: dict[str, str] = {}
    for field in rules.form.fields:
        if field.required and getattr(address, field.name) is None:
            errors[field.name] = MISSING
    if needs_name and not (address.name or address.company):
        errors["name"] = MISSING
    if address.phone and sum(map(str.isdecimal, address.phone)) < _FEWEST_PHONE_DIGITS:
        errors["phone"] = "Please enter a phone number."
    stored: dict[str, str | None] = {}
    for name, read in (("postal_code", _postal_code), ("region", _region), ("vat_id", _vat_id)):
        if getattr(address, name) is None:
            continue
        try:
            stored[name] = read(address, rules)
        except ValueError as error:
            errors[name] = str(error)
    if errors:
        labels = Address.LABELS | {field.name: field.label for field in rules.form.fields}
        raise AddressInvalid({name: errors[name] for name in Address.LABELS if name in errors}, labels, within)
    return address.model_copy(update=stored)


def lines(address: Address) -> list[str]:
    """The address as a parcel shows it, in the order of its country, whose name comes last.

    What the country has no place for stands below the street. Where all of it is written in Latin letters, so are its
    order and its region. Phone and VAT number are not on it.
    """
    if address.country not in country_codes():
        return [*_written(address, frozenset()), address.country]
    rules = rules_of(address.country)
    is_latin = all(map(_is_latin, _written(address, frozenset({"region"}))))
    values = {name: getattr(address, name) or "" for name in FIELDS.values()}
    values["region"] = _region_on_parcels(values["region"], rules, address.country, is_latin=is_latin)
    layout = rules.latin_format if is_latin else rules.format
    placed = {FIELDS[sign] for sign in re.findall("%([A-Z])", layout)}
    homeless = [value for name, value in values.items() if value and name not in placed]
    values["street"] = "\n".join([values["street"], *homeless])
    shown = "\n".join(_filled(row, values) for row in layout.split("%n")).split("\n")
    return [*filter(None, map(str.strip, shown)), country_name(address.country)]


def _postal_code(address: Address, rules: CountryRules) -> str:
    """The postal code in ASCII capitals, without what the country writes before it. Raises ValueError."""
    given, field = str(address.postal_code), rules.form.field("postal_code")
    if field is None or field.pattern is None:
        return given
    code = "".join(map(_plain_sign, unicodedata.normalize("NFKC", given).upper()))
    prefix = rules.postal_prefix.strip(" -")
    without = (rf"^{re.escape(prefix)}[ -]*", "^[A-Z]{1,3}-")  # CH-8001 where CH- is printed anyway; D-69190
    for form in (code, *(re.sub(pattern, "", code) for pattern in without)):
        if re.fullmatch(field.pattern, form, re.ASCII):
            return form
    raise ValueError(f"Please enter one like {field.example}." if field.example else "Please check this.")


def _plain_sign(sign: str) -> str:
    """Digits of all scripts and dashes of all lengths as keyboards of the post have them."""
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    return "-" if unicodedata.category(sign) == "Pd" else sign


def _region(address: Address, rules: CountryRules) -> str:
    """The code of the region where it is known. Raises ValueError where it must be one of the known ones."""
    written = str(address.region)
    code = rules.regions.get(written) or rules.regions.get(folded(written))
    field = rules.form.field("region")
    if code is None and field and field.required and field.choices:
        raise ValueError(f"{rules.form.name} has none of that name. Please choose one.")
    return code or written


def _vat_id(address: Address, rules: CountryRules) -> str:
    """The number without blanks; those of the European Union begin with its country. Raises ValueError."""
    if not address.company:
        raise ValueError("A VAT number goes with a company. Please fill in its name, too.")
    number, country = str(address.vat_id).upper(), address.country
    module = get_cc_module(country.lower(), "vat")
    if not number.isascii():
        raise ValueError(f"This is no VAT number of {rules.form.name}.")
    prefix = _ALIKE.get(country, country)
    for validate, form in (
        (eu_vat.validate, number),
        (eu_vat.validate, prefix + number),
        *([(module.validate, number)] if module else []),
    ):
        try:
            return str(validate(form))
        except ValidationError:
            continue
    if module or country.lower() in eu_vat.MEMBER_STATES:
        raise ValueError(f"This is no VAT number of {rules.form.name}.")
    return number


def _region_on_parcels(region: str, rules: CountryRules, country: str, *, is_latin: bool) -> str:
    if is_latin and not _is_latin(region):
        return rules.latin_names.get(region, region)
    return rules.local_names.get(region, region) if country in _NAMES_ON_PARCELS else region


def _filled(row: str, values: Mapping[str, str]) -> str:
    """A line of a format. What stands between two fields is left out where one of them is empty."""
    parts = re.split("%([A-Z])", row)  # texts and, between them, fields
    filled = [values[FIELDS[sign]] for sign in parts[1::2]]
    shown = ""
    for place, text in enumerate(parts[::2]):
        before = place == 0 or filled[place - 1]
        after = place == len(filled) or filled[place]
        if before and after:
            shown += text
        elif shown and after and not shown[-1].isspace():
            shown += " "
        if place < len(filled):
            shown += filled[place]
    return shown


def _written(address: Address, leave_out: frozenset[str]) -> list[str]:
    """What the address says, in the order of its fields."""
    texts = ((getattr(address, name) or "") for name in FIELDS.values() if name not in leave_out)
    return [line for text in texts for line in text.split("\n") if line]


def _is_latin(text: str) -> bool:
    letters = (unicodedata.name(sign, "") for sign in text if sign.isalpha())
    return all(name.startswith(("LATIN", "FULLWIDTH LATIN", "MODIFIER", "FEMININE", "MASCULINE")) for name in letters)
