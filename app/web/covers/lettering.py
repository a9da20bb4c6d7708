"""Setting a title in lines that fit, without a font at hand: widths are estimated by the kind of letter."""

import re
import textwrap
import unicodedata
from dataclasses import dataclass

_NARROW = frozenset("iljtfI!|.,:;'’()[] ")
_WIDE = frozenset("mwMWQ@%—…")
ELLIPSIS = "…"
LEADING = 1.16
SHORT_WORD = 9


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines of a text at a size, in the units of the drawing."""

    lines: tuple[str, ...]
    size: float

    @property
    def leading(self) -> float:
        """From one base line to the next."""
        return self.size * LEADING

    @property
    def height(self) -> float:
        """Of all lines together."""
        return self.leading * (len(self.lines) - 1) + self.size


def width(text: str) -> float:
    """The width of a text in ems, estimated for the widest of the faces that may be there."""
    return sum(_em(letter) for letter in text)


def _em(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.02
    if letter in _NARROW:
        return 0.36
    if letter in _WIDE:
        return 0.98
    return 0.78 if letter.isupper() or letter.isdigit() else 0.6


def lines_in(height: float, size: float) -> int:
    """How many lines of that size stand in that height; one always."""
    return max(1, int((height - size) / (size * LEADING)) + 1)


def set_text(text: str, room: float, lines: int, size: float) -> Setting | None:
    """`text` in at most that many lines no wider than `room`; None where it does not fit at that size."""
    broken = _break(text, room / size)
    fits = len(broken) <= lines and all(width(line) * size <= room for line in broken)
    return Setting(tuple(broken), size) if fits else None


def cut_text(text: str, room: float, lines: int, size: float) -> Setting:
    """As `set_text`, and what does not fit is left out."""
    broken = _break(text, room / size)
    kept = [_cut(line, room / size) for line in broken[:lines]]
    if len(broken) > lines:
        kept[-1] = _cut(kept[-1].rstrip(ELLIPSIS) + ELLIPSIS, room / size)
    return Setting(tuple(kept), size)


def _break(text: str, ems: float) -> list[str]:
    """Lines of words; what has no spaces is broken behind hyphens, other scripts where the line is full."""
    lines: list[str] = []
    for word, gap in _pieces(text):
        if lines and width(lines[-1] + gap + word) <= ems:
            lines[-1] += gap + word
        elif width(word) <= ems or word.isascii():
            lines.append(word)
        else:
            lines += textwrap.wrap(word, max(1, int(ems)))
    return lines or [""]


def _pieces(text: str) -> list[tuple[str, str]]:
    """Words and what stands before each of them: a space, or nothing behind a hyphen."""
    pieces = []
    for word in text.split():
        parts = re.split(r"(?<=[-–—/])(?=\w)", word) if len(word) > SHORT_WORD else [word]
        for index, part in enumerate(parts):
            pieces.append((part, "" if index else " "))
    return pieces


def _cut(line: str, ems: float) -> str:
    if width(line) <= ems:
        return line
    line = line.rstrip(ELLIPSIS)
    while line and width(line + ELLIPSIS) > ems:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
