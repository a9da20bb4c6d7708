"""Values as they stand on the wire: ids, money, timestamps and texts (contract, section 2.2)."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
CENT = Decimal("0.01")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# There is one way only to read a digit: with two, a long number that ends badly is tried in every way.
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Id = Annotated[int, Field(ge=INT_MIN, le=INT_MAX)]
Count = Annotated[int, Field(ge=1, le=INT_MAX)]


def money_text(amount: Decimal) -> str:
    """Major units with two decimals, three where the currency has them and they say something: `15.90`, `1.255`."""
    text = f"{amount:.3f}"
    return text.removesuffix("0")


def timestamp_text(moment: datetime) -> str:
    """UTC with six fractional digits and `Z`, so that strings sort as times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


MoneyOut = Annotated[
    Decimal,
    PlainSerializer(money_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+\.\d{2,3}$", "examples": ["15.90"]}, mode="serialization"),
]
TimestampOut = Annotated[
    datetime,
    PlainSerializer(timestamp_text, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-11-22T08:45:00.857583Z"]}, mode="serialization"
    ),
]


def no_control_characters(value: str) -> str:
    """Refuse C0 and C1 control characters, line breaks among them."""
    if _CONTROL_CHARACTER.search(value):
        raise ValueError("must not contain control characters")
    return value


def in_utc(moment: datetime) -> datetime:
    """UTC where no offset is given; moments that UTC cannot express cannot be asked of PostgreSQL either."""
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must lie within the years 1 to 9999 in UTC") from error


def _iso_text(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO_DATE.match(value)):
        return value
    raise ValueError("must be an ISO 8601 timestamp like 2026-11-22T08:45:00Z")


def iso_date(value: object) -> object:
    """What pydantic may read as a date: it would take numbers for seconds, too."""
    if isinstance(value, date) or value is None or (isinstance(value, str) and _ISO_DATE.fullmatch(value)):
        return value
    raise ValueError("must be a date like 2026-11-22")


def _plain_decimal(value: object) -> object:
    """Texts that Python reads as numbers and people do not: `1_0`, digits of other scripts."""
    if isinstance(value, str) and not _DECIMAL.fullmatch(value.strip()):
        raise ValueError("must be a number like 15.90")
    return value


PlainDecimal = BeforeValidator(_plain_decimal, json_schema_input_type=Decimal)
Moment = Annotated[datetime, BeforeValidator(_iso_text, json_schema_input_type=datetime), AfterValidator(in_utc)]
SingleLine = AfterValidator(no_control_characters)
