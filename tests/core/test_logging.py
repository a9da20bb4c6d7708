"""The lines of the log: times in UTC, and nothing that a client sent can begin one."""

import io
import logging
import re
import time
from collections.abc import Iterator

import pytest

from app.core.logging import FORMAT, LineFormatter


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Iterator[logging.Logger]:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(FORMAT, defaults={"request_id": "-"}))
    log = logging.getLogger("shop")
    log.addHandler(handler)
    yield log
    log.removeHandler(handler)


def test_times_are_those_of_utc(log: logging.Logger, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch):
    """Seen to fail with local time."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        log.warning("opened")
    finally:
        monkeypatch.undo()
        time.tzset()
    moment, rest = stream.getvalue().split(" ", 1)
    assert rest == "WARNING shop [-] opened\n"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    assert moment[:16] in {time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - ago)) for ago in (0, 30)}


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028"])
def test_no_text_begins_a_line(log: logging.Logger, stream: io.StringIO, end: str):
    """Seen to fail with the formatter of the library."""
    log.warning("could not read %s", f"a{end}2026-01-01T00:00:00.000Z WARNING shop [-] forged")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("could not read a")
    assert second.startswith("    2026")


def unlucky(words: str) -> None:
    raise ValueError(words)


def test_nor_does_what_an_exception_says(log: logging.Logger, stream: io.StringIO):
    try:
        unlucky("a\nforged\x1b[2K")
    except ValueError:
        log.exception("unforeseen")
    first, *rest = stream.getvalue().splitlines()
    assert first.endswith("ERROR shop [-] unforeseen")
    assert all(line.startswith("    ") for line in rest)
    assert rest[-1] == r"    forged\x1b[2K"
