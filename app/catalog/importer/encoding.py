"""Which encoding a file is in, decided over the whole of it before the first row is read."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes

from app.catalog.importer.options import ImportFailed

_CHUNK = 1 << 18
_SAMPLE = 1 << 16
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark begins it
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LEGACY = [
    "cp1252", "iso8859_15", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254",
    "mac_roman", "cp437", "cp850", "shift_jis", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_BROKEN_BYTE = re.compile("[\udc80-\udcff]")
BROKEN_BYTES = re.compile("[\udc00-\udcff]")
ESCAPE = "bookstore.escape"
_LETTER = re.compile("[^\x00-\x7f\udc80-\udcff]")
_AS_GOOD = 0.03  # of charset-normalizer's measure of disorder, 0 to 1
_POLISH_IN_WESTERN = re.compile("[a-z][\u00b9\u00b3\u00bf][a-z]|[\u00a3\u00af][a-z]")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r")) + b"\x7f"
_STRAY_CONTROLS = 8  # even a short text may hold some
_ARCHIVES = {b"PK\x03\x04": "a spreadsheet or archive", b"\x1f\x8b": "a compressed file", b"%PDF": "a PDF document"}


def detect_encoding(path: Path) -> str:
    """The codec to read with, ESCAPE marking what is broken. Raises ImportFailed for what is no text."""
    with path.open("rb") as file:
        if not file.seekable():
            raise ImportFailed(f"{path} can be read only once: save what it gives as a file and import that file.")
        head = file.read(_SAMPLE)
        if not head.strip():
            raise ImportFailed(f"{path.name} is empty: give a CSV file with a header line.")
        for mark, encoding in _BYTE_ORDER_MARKS.items():
            if head.startswith(mark):
                return encoding
        _refuse_binary(path.name, head)
        file.seek(0)
        suspicious = _lines_outside_utf8(file)
    return "utf-8" if suspicious is None else _legacy_encoding(path.name, suspicious)


def _escape(error: UnicodeError) -> tuple[str, int]:
    """As surrogateescape does, and bytes below 128 too: those are what breaks UTF-16 and UTF-32."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(ESCAPE, _escape)


def _refuse_binary(name: str, head: bytes) -> None:
    for magic, kind in _ARCHIVES.items():
        if head.startswith(magic):
            raise ImportFailed(f"{name} is {kind}, not CSV: save it as CSV (UTF-8) and import that file.")
    header, _, body = head.partition(b"\n")
    controls = len(body) - len(body.translate(None, _CONTROLS))
    if header.translate(None, _CONTROLS) != header or controls > _STRAY_CONTROLS + len(body) // 100:
        raise ImportFailed(f"{name} is a binary file, not CSV: save the table as CSV (UTF-8) and import that file.")


def _lines_outside_utf8(file: BinaryIO) -> bytes | None:
    """None when the file is UTF-8, though perhaps broken in places; else a sample of the lines that are not."""
    letters, broken, sample = 0, 0, bytearray()
    for block in _blocks_of_lines(file):
        try:
            letters += 0 if block.isascii() else len(_LETTER.findall(block.decode()))
        except UnicodeDecodeError:
            text = block.decode(errors="surrogateescape")
            letters += len(_LETTER.findall(text))
            broken += len(_BROKEN_BYTE.findall(text))
            if len(sample) < _SAMPLE:
                lines = (line for line in text.split("\n") if _BROKEN_BYTE.search(line))
                sample += "\n".join(lines).encode(errors="surrogateescape")[:_SAMPLE]
    return bytes(sample) if broken > letters else None


def _blocks_of_lines(file: BinaryIO) -> Iterator[bytes]:
    """Blocks that end with a line, so that no character is cut in two."""
    while block := file.read(_CHUNK):
        yield block + file.readline(_CHUNK)


def _legacy_encoding(name: str, sample: bytes) -> str:
    """Windows-1252 where it reads as well as the best: a few accented names fit many encodings alike."""
    matches = list(from_bytes(sample, cp_isolation=_LEGACY))
    if not matches:
        raise ImportFailed(f"The encoding of {name} is not recognised: save the file as UTF-8 and import it again.")
    best = [match for match in matches if match.chaos <= matches[0].chaos + _AS_GOOD]
    could_be = [encoding for match in best for encoding in match.could_be_from_charset]
    if "cp1252" in could_be and not _POLISH_IN_WESTERN.search(sample.decode("cp1252", errors="replace")):
        return "cp1252"
    return next((match.encoding for match in best if match.encoding != "cp1252"), "cp1252")
