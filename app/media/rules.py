"""What an image may be, and what its files are called."""

import re
from collections.abc import Mapping
from typing import Literal

Kind = Literal["JPEG", "PNG", "WEBP"]

DECLARED_TYPES = frozenset({"image/jpeg", "image/jpg", "image/png", "image/webp"})  # image/jpg: what some clients say
MEDIA_TYPES: Mapping[str, str] = {"webp": "image/webp", "jpg": "image/jpeg", "png": "image/png"}
MAX_PIXELS = 40_000_000
WIDTHS: Mapping[str, int] = {"small": 160, "medium": 320, "large": 640}
STEM_DIGITS = 32
STORED_NAME = re.compile(r"(?P<stem>[0-9a-f]{32})(?:-(?:160|320))?\.(?P<extension>webp|jpg|png)", re.ASCII)


def sniff(content: bytes) -> Kind | None:
    """The kind of image by its first bytes, whatever it is called; None for anything that is not allowed."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return None


def file_names(stem: str) -> dict[str, str]:
    """The files of an image by size. The largest bears the bare stem, so its address tells those of the others."""
    return {size: f"{stem}.webp" if size == "large" else f"{stem}-{width}.webp" for size, width in WIDTHS.items()}
