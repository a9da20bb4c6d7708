"""Logging: one line an event, with its time in UTC and the id of its request."""

import logging
import time
from contextvars import ContextVar

NO_REQUEST = "-"
request_id: ContextVar[str] = ContextVar("request_id", default=NO_REQUEST)

FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
_SHOWN = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) != "\t"}


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class LineFormatter(logging.Formatter):
    """Lines that nobody can forge: what follows a line break is indented, control characters are spelled out."""

    converter = time.gmtime  # type: ignore[assignment]  # the stub looks at a bound method
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """The event, its traceback too if it has one."""
        return "\n    ".join(line.translate(_SHOWN) for line in super().format(record).splitlines())


def configure(level: str) -> None:
    """Send the log to standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(_RequestId())
    handler.setFormatter(LineFormatter(FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
