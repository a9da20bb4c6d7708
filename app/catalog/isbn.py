"""ISBN rules (contract, section 4.4): check digits by python-stdnum, stored as ISBN-13 without hyphens."""

import re

from stdnum import isbn as stdnum_isbn
from stdnum.exceptions import ValidationError

_HYPHENS = re.compile("[-\u2010\u2011]")
# ASCII digits by name: \d would let other scripts' digits slip through to the check digit sum.
_ISBN = re.compile("[0-9]{9}[0-9X]|97[89][0-9]{10}")
# The shortest ISBN-10 a spreadsheet leaves behind: 000… is a real publisher prefix, so three zeros may be gone.
_WITHOUT_ZEROS = re.compile("[1-9][0-9]{5,7}[0-9X]")


class InvalidIsbn(ValueError):
    """Text given as an ISBN is none. The message never repeats the input."""


def normalise_isbn(text: str | None) -> str | None:
    """The ISBN-13 without hyphens, or None for null and blank. Raises InvalidIsbn."""
    if text is None or not text.strip():
        return None
    compact = _compact(text)
    if not _ISBN.fullmatch(compact):
        raise InvalidIsbn("Give an ISBN of 10 or 13 digits, an ISBN-13 starting with 978 or 979.")
    try:
        return stdnum_isbn.validate(compact, convert=True)
    except ValidationError:
        raise InvalidIsbn("Correct the ISBN: its check digit does not match.") from None


def isbn_in_query(q: str) -> str | None:
    """The ISBN-13 when the whole of a search text is an ISBN of either form, else None."""
    try:
        return normalise_isbn(q)
    except InvalidIsbn:
        return None


def restore_leading_zeros(text: str) -> str | None:
    """The ISBN-13 of an ISBN-10 whose zeros a spreadsheet dropped, else None. The check digit must then be right."""
    compact = _compact(text)
    return isbn_in_query(compact.zfill(10)) if _WITHOUT_ZEROS.fullmatch(compact) else None


def _compact(text: str) -> str:
    return _HYPHENS.sub("", "".join(text.split())).upper()
