"""Money, numbers and dates as people of the shop's locale write them."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from babel.dates import format_date, format_datetime
from babel.numbers import format_compact_decimal, format_currency, format_decimal
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.addresses.rules import lines
from app.addresses.schemas import Address
from app.orders.sums import sums_of

# A page of books says the same few prices and counts again and again.
_money = lru_cache(maxsize=4096)(format_currency)
_number = lru_cache(maxsize=4096)(format_decimal)


def _locale(context: Context) -> str:
    locale: str = context["shop"].shop_locale
    return locale


@pass_context
def money(context: Context, amount: Decimal, currency: str | None = None) -> str:
    """Major units of `currency`, the shop's own unless told otherwise: `$1,234.50`."""
    return _money(amount, currency or context["shop"].currency, locale=_locale(context))


@pass_context
def number(context: Context, value: float | Decimal) -> str:
    """`12,345`."""
    return _number(value, locale=_locale(context))


@pass_context
def compact(context: Context, value: float | Decimal) -> str:
    """`12K`."""
    return format_compact_decimal(value, locale=_locale(context), fraction_digits=1)


@pass_context
def day(context: Context, value: date) -> Markup:
    """`Nov 22, 2026`, readable by machines too."""
    return _time(value, format_date(value, "medium", locale=_locale(context)))


@pass_context
def moment(context: Context, value: datetime) -> Markup:
    """`Nov 22, 2026, 8:45 AM UTC` by the shop's clock, readable by machines too."""
    here = value.astimezone(context["shop"].zone)
    shown = format_datetime(here, "medium", locale=_locale(context)).replace(f":{here:%S}", "", 1)
    return _time(value, f"{shown} {here:%Z}")


def _time(value: date, shown: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), shown)


def words(value: str) -> str:
    """An enum's value for people: `order_confirmation` becomes `Order confirmation`."""
    return value.replace("_", " ").capitalize()


def address_lines(snapshot: Mapping[str, Any]) -> list[str]:
    """An address as an order, a location or the shop keeps it, as a parcel shows it."""
    return lines(Address.model_validate(snapshot))


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "number": number,
    "compact": compact,
    "day": day,
    "moment": moment,
    "words": words,
    "sums": sums_of,
    "address_lines": address_lines,
}


_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text between two tags; a program that reads the document stops at what does not belong there."""
    return escape(_UNFIT.sub("\ufffd", text))
