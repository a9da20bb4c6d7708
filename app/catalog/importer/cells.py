"""Reading single cells: pure functions from a cell's text to a value, a Repair or a BadCell."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlsplit

from app.catalog.isbn import isbn_in_query, restore_leading_zeros
from app.catalog.rules import HEAVIEST_GRAMS, TAX_CATEGORIES

MAX_PRICE = Decimal("99999999.99")
MAX_STOCK = 2_147_483_647
MAX_TITLE, MAX_AUTHOR, MAX_GENRE, MAX_URL = 500, 255, 100, 2048

_BLANKS_AND_CONTROLS = re.compile("[\\s\x00-\x1f\x7f-\x9f]+")
_CONTROLS_BUT_LAYOUT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SCIENTIFIC = re.compile("[0-9]+([.,][0-9]+)?[eE][+]?[0-9]+")
_SPREADSHEET_WRAPPING = re.compile("^=?[\"']*|[\"']$|\\.0+[\"']?$")
_CURRENCY = "(?:[A-Za-z]{3}|[A-Za-z]{0,3}[$\u00a2-\u00a5\u20a0-\u20cf])?"
_PRICE = re.compile(f"(-?){_CURRENCY}\\s*(-?)([0-9.,'\u2019\\s]+){_CURRENCY}")
_LONGEST_PRICE = 100
_GROUP_MARK = re.compile("(?<=[0-9])[\\s'\u2019](?=[0-9]{3}(?![0-9]))")
_YEAR = re.compile("([-+]?[0-9]{1,4})(\\.0*)?")
_DATE = re.compile("([0-9]{4})([-/.])([0-9]{1,2})(?:\\2([0-9]{1,2})(?:[T ].*)?)?")
_DATE_DAY_FIRST = re.compile("([0-9]{1,2})\\.([0-9]{1,2})\\.([0-9]{4})")
_WEIGHT = re.compile("([0-9]{1,9})(?:[.,]([0-9]{1,9}))?\\s*(g|kg|grams?|kilograms?)?", re.IGNORECASE)
_WHOLE_NUMBER = re.compile("([0-9]{1,12})(\\.0*)?")


class Repair(StrEnum):
    """What was mended in a row, or given there and dropped; the value is its heading in the report."""

    ISBN_ZEROS = "ISBN: lost leading zeros restored"
    ISBN_WRAPPING = "ISBN: spreadsheet marks around the number removed"
    ISBN_WRONG = "ISBN: wrong check digit or length, left empty"
    ISBN_SCIENTIFIC = "ISBN: digits lost to scientific notation, left empty"
    GUARD = "apostrophe that kept a spreadsheet from running the text removed"
    TITLE_CUT = f"title: longer than {MAX_TITLE} characters, cut after a whole word"
    AUTHOR_CUT = f"author: longer than {MAX_AUTHOR} characters, cut after a whole name"
    GENRE_CUT = f"genre: longer than {MAX_GENRE} characters, cut after a whole word"
    YEAR_BEFORE_1 = "publish_date: year before 1, left empty"
    DATE_UNKNOWN = "publish_date: not a date, left empty"
    WEIGHT_UNKNOWN = f"weight_grams: not a weight from 1 to {HEAVIEST_GRAMS} g, left empty"
    TAX_CATEGORY_UNKNOWN = f"tax_category: none of {', '.join(TAX_CATEGORIES)}, left empty"
    COVER_INVALID = f"cover_image_url: not an http(s) address of up to {MAX_URL} characters, left empty"


class BadCell(ValueError):
    """The row cannot be imported; the message is the reason in its report line."""


def clean_line(text: str) -> str:
    """One line of text: NUL gone, every other run of white space and control characters one blank."""
    return _BLANKS_AND_CONTROLS.sub(" ", unicodedata.normalize("NFC", text.replace("\0", ""))).strip()


def clean_paragraphs(text: str) -> str:
    return _CONTROLS_BUT_LAYOUT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def cut_words(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head, blank, _ = text[: limit + 1].rpartition(" ")
    return head.rstrip(" ,;:-") if blank else text[:limit]


def cut_names(text: str, limit: int = MAX_AUTHOR) -> str:
    """A list of names cut after a whole one; where semicolons part the names, commas belong to them."""
    if len(text) <= limit:
        return text
    separator = ";" if ";" in text else "[,&]"
    ends = [match.start() for match in re.finditer(f"\\s*{separator}", text) if 0 < match.start() <= limit]
    return text[: ends[-1]] if ends else cut_words(text, limit)


def read_isbn(cells: Sequence[str]) -> tuple[str | None, Repair | None]:
    """The first cell that is right as it stands, else the first that can be mended."""
    given = [cell.strip() for cell in cells if cell.strip()]
    for cell in given:
        if isbn := isbn_in_query(cell):
            return isbn, None
    for cell in given:
        bare = _SPREADSHEET_WRAPPING.sub("", cell).strip()
        if isbn := isbn_in_query(bare):
            return isbn, Repair.ISBN_WRAPPING
        if isbn := restore_leading_zeros(bare):
            return isbn, Repair.ISBN_ZEROS
    if not given:
        return None, None
    scientific = all(_SCIENTIFIC.fullmatch(cell) for cell in given)
    return None, Repair.ISBN_SCIENTIFIC if scientific else Repair.ISBN_WRONG


def read_price(text: str) -> Decimal:
    """Decimal comma or point, a currency sign or code on either side. Raises BadCell."""
    text = text.strip()
    match = _PRICE.fullmatch(text) if len(text) <= _LONGEST_PRICE else None  # blanks may be read in two ways there
    if not match:
        raise BadCell("price is not a number")
    if match[1] or match[2]:
        raise BadCell("price must be above 0")
    price = Decimal(_with_decimal_point(_GROUP_MARK.sub("", match[3].strip())))
    if price <= 0:
        raise BadCell("price must be above 0")
    if price > MAX_PRICE:
        raise BadCell(f"price must not exceed {MAX_PRICE}")
    return price


def _with_decimal_point(number: str) -> str:
    if re.fullmatch("[0-9]+([.,][0-9]{1,2})?|[.,][0-9]{1,2}", number):
        return number.replace(",", ".")
    if re.fullmatch("[0-9]{1,3}(,[0-9]{3})+\\.[0-9]{1,2}|[0-9]{1,3}(,[0-9]{3}){2,}", number):
        return number.replace(",", "")
    if re.fullmatch("[0-9]{1,3}(\\.[0-9]{3})+,[0-9]{1,2}|[0-9]{1,3}(\\.[0-9]{3}){2,}", number):
        return number.replace(".", "").replace(",", ".")
    if re.fullmatch("[0-9]{1,3},[0-9]{3}", number):
        raise BadCell("price can be read in two ways: write it with a decimal point and two decimals")
    if re.fullmatch("[0-9]*[.,][0-9]{3,}", number):
        raise BadCell("price has more than two decimals")
    raise BadCell("price is not a number")


def read_stock(text: str) -> int:
    match = _WHOLE_NUMBER.fullmatch(text.strip())
    if not match or int(match[1]) > MAX_STOCK:
        raise BadCell(f"stock must be a whole number from 0 to {MAX_STOCK}")
    return int(match[1])


def read_weight(text: str) -> int | None:
    """Whole grams of `310`, `310 g` or `0.31 kg`; a number alone is one of grams. None for anything else."""
    match = _WEIGHT.fullmatch(text.strip())
    if not match:
        return None
    number = Decimal(f"{match[1]}.{match[2] or 0}")
    grams = number * 1000 if (match[3] or "").lower().startswith("k") else number
    return round(grams) if 1 <= round(grams) <= HEAVIEST_GRAMS else None


def read_tax_category(text: str) -> str | None:
    """One of the categories, in any case; None for anything else."""
    plain = text.strip().lower()
    return plain if plain in TAX_CATEGORIES else None


def read_date(text: str) -> tuple[date | None, Repair | None]:
    """A year (also 2008.0) is its first of January; year first or DD.MM.YYYY otherwise."""
    if year := _YEAR.fullmatch(text.strip()):
        number = int(year[1])
        return (date(number, 1, 1), None) if number > 0 else (None, Repair.YEAR_BEFORE_1)
    try:
        return _calendar_date(text.strip()), None
    except ValueError:
        return None, Repair.DATE_UNKNOWN


def _calendar_date(text: str) -> date:
    if match := _DATE.fullmatch(text):
        return date(int(match[1]), int(match[3]), int(match[4] or 1))
    if match := _DATE_DAY_FIRST.fullmatch(text):
        return date(int(match[3]), int(match[2]), int(match[1]))
    raise ValueError


def is_cover_address(text: str) -> bool:
    """An http(s) address or, as the API also takes it, a path on the shop itself."""
    if len(text) > MAX_URL or _BLANKS_AND_CONTROLS.search(text):
        return False
    if text.startswith("/"):
        return not text.startswith("//")
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname)
