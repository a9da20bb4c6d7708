"""Addresses on the wire and as orders, accounts and the shop keep them, and the form that a country asks for."""

import re
import unicodedata
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.core.values import Id, TimestampOut, no_control_characters

MAX_STREET_LINES = 3
_JOINERS = "\u200c\u200d"  # Persian and the scripts of India are spelled with them
_UNSEEN_KINDS = frozenset({"Cf", "Zl", "Zp", "Cs"})


def _seen(text: str) -> str:
    """Refuse what nobody sees, or what turns the text around it."""
    if any(unicodedata.category(sign) in _UNSEEN_KINDS and sign not in _JOINERS for sign in text):
        raise ValueError("must not contain invisible characters or marks of direction")
    return no_control_characters(text)


def _line(value: object) -> object:
    """One line without blanks around it or doubled within; None where nothing is left."""
    if not isinstance(value, str):
        return value
    return " ".join(_seen(value.strip()).split()).strip(_JOINERS) or None


def _lines(value: object) -> object:
    """Lines without empty ones among them."""
    if not isinstance(value, str):
        return value
    return "\n".join(line for line in map(_line, re.split("\r\n|\r|\n", value)) if isinstance(line, str)) or None


def _few_lines(value: str | None) -> str | None:
    if value is not None and value.count("\n") >= MAX_STREET_LINES:
        raise ValueError(f"must have at most {MAX_STREET_LINES} lines")
    return value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) and value.isascii() else value


MAX_LENGTH = 100
MAX_LENGTHS = {"street": 200, "postal_code": 20, "vat_id": 20, "phone": 40}
"""Of the fields that are not as long as the others."""
Line = Annotated[Annotated[str, Field(max_length=MAX_LENGTH)] | None, BeforeValidator(_line)]
Short = Annotated[Annotated[str, Field(max_length=MAX_LENGTHS["postal_code"])] | None, BeforeValidator(_line)]
Country = Annotated[
    str,
    BeforeValidator(_upper),
    Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, one of `GET /countries`", examples=["US"]),
]


class Address(BaseModel):
    """Where somebody lives or works, as they wrote it. `app.addresses.rules.check` says whether it is complete.

    Blanks around and doubled blanks are gone, empty is None, and nothing in it is invisible.
    """

    model_config = ConfigDict(frozen=True)
    LABELS: ClassVar = {
        "country": "Country",
        "name": "Name",
        "company": "Company",
        "street": "Street address",
        "district": "District",
        "city": "City",
        "region": "Region",
        "postal_code": "Postal code",
        "sorting_code": "Sorting code",
        "phone": "Phone",
        "vat_id": "VAT number",
    }

    country: Country
    name: Annotated[Line, Field(description="Whose name stands at the door", examples=["Ada Lovelace"])] = None
    company: Line = None
    street: Annotated[
        Annotated[str, Field(max_length=MAX_LENGTHS["street"])] | None,
        BeforeValidator(_lines),
        AfterValidator(_few_lines),
        Field(description="Up to 3 lines, with a line break between them", examples=["1600 Amphitheatre Parkway"]),
    ] = None
    district: Annotated[Line, Field(description="A part of the city, where the country has it in its addresses")] = (
        None
    )
    city: Annotated[Line, Field(examples=["Mountain View"])] = None
    region: Annotated[
        Line,
        Field(
            description="State, province, county …: a code or a name of the address form; it comes back as the code",
            examples=["CA"],
        ),
    ] = None
    postal_code: Annotated[Short, Field(examples=["94043"])] = None
    sorting_code: Annotated[Line, Field(description="CEDEX and the like")] = None
    phone: Annotated[
        Annotated[str, Field(max_length=MAX_LENGTHS["phone"])] | None,
        BeforeValidator(_line),
        Field(description="For the carrier"),
    ] = None
    vat_id: Annotated[Short, Field(description="Of the company; its form and check digits are checked")] = None

    def given(self) -> dict[str, Any]:
        """What is known of it: the keys that are not None. It is stored so, and reads back as the same address."""
        return self.model_dump(exclude_none=True)


class CountryOut(BaseModel):
    """A country that addresses may be in."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(examples=["US"])
    name: str = Field(examples=["United States"])


class ChoiceOut(BaseModel):
    """A region of a country."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(examples=["CA"])
    name: str = Field(examples=["California"])


class AddressFieldOut(BaseModel):
    """A field of the form."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(description="The key of the address", examples=["postal_code"])
    label: str = Field(description="What it is called in that country", examples=["ZIP code"])
    required: bool
    max_length: int
    choices: list[ChoiceOut] = Field(description="Empty where anything may be written")
    pattern: str | None = Field(
        description="A regular expression for the whole value in capitals", examples=[r"\d{5}"]
    )
    example: str | None = Field(examples=["95014"])


class AddressFormOut(BaseModel):
    """What an address in a country consists of, in its order."""

    model_config = ConfigDict(from_attributes=True)

    country: str = Field(examples=["US"])
    name: str = Field(examples=["United States"])
    fields: list[AddressFieldOut]


class CountriesOut(BaseModel):
    """All countries, by name."""

    items: list[CountryOut]


MAX_LABEL = 50
Label = Annotated[
    Annotated[str, Field(max_length=MAX_LABEL)] | None,
    BeforeValidator(_line),
    Field(description="For its owner", examples=["Work"]),
]


class AddressIn(BaseModel):
    """An entry of the address book."""

    label: Label = None
    address: Address = Field(
        examples=[
            {"country": "DE", "name": "Ada Lovelace", "street": "Weg 1", "city": "Berlin", "postal_code": "10117"}
        ]
    )
    is_default: bool = Field(
        default=False, description="True: a checkout begins with it from now on; false changes nothing about that"
    )


class ChangeAddress(AddressIn):
    """What an entry is to be. `version` is that of the entry as it was read; without it the last one to save wins."""

    version: Annotated[Id, Field(examples=[1])] | None = None


class AddressOut(BaseModel):
    """An entry of the address book."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    label: str | None
    is_default: bool
    address: Address
    lines: list[str] = Field(description="As a parcel shows it, in the order of its country")
    version: int = Field(description="Counts the changes", examples=[1])
    created_at: TimestampOut
    updated_at: TimestampOut


class AddressesOut(BaseModel):
    """The address book: the default address, then the newest first."""

    items: list[AddressOut]
