"""Text in XML, which has no place for some characters, however they are written."""

import re
from xml.sax.saxutils import escape

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text between two tags; a program that reads the document stops at what does not belong there."""
    return escape(_UNFIT.sub("\ufffd", text))
