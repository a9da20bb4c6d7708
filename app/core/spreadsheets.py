"""What is written for spreadsheets to open, and read back from them: no text in it is run as a formula."""

import re

# Spreadsheets run what begins like this, some also behind blanks and quotes, and in full width as well. Apostrophes
# are among the quotes, so a text that was guarded is told from one that has an apostrophe of its own.
_FORMULA = re.compile(r"""[\s"']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]""")
_GUARD = "'"


def guarded(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet could run it; `unguarded` gives it back."""
    return _GUARD + text if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text as it was before it was guarded; the same where it was not."""
    return text[1:] if text.startswith(_GUARD) and _FORMULA.match(text, 1) else text
