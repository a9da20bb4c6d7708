"""How much and how long the server takes from one client."""

from dataclasses import dataclass

from app.core.config import Settings

REQUEST_LINE_BYTES = 8 * 1024
HEADER_BYTES = 16 * 1024
HEADERS_BYTES = 32 * 1024
HEADERS = 100
PIPELINED = 8
"""Requests that may wait on one connection behind the one at work; browsers send none ahead."""

LINGER_SECONDS = 2.0
"""How long a refused client is listened to, so that it reads the refusal before the connection breaks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes a second, and connections of one process.

    `body_seconds` is what any body may take; one of n bytes may take n / `body_bytes_per_second` longer.
    `send_seconds` is the time for the 64 KB that the server keeps of an answer. Clocks are looked at every tick.
    """

    connections: int = 1000
    head_seconds: float = 10
    body_seconds: float = 20
    body_bytes_per_second: int = 1024
    send_seconds: float = 60
    tick_seconds: float = 1

    @classmethod
    def of(cls, settings: Settings, connections: int) -> "Limits":
        """Those of the settings, with so many connections."""
        return cls(
            connections,
            settings.header_timeout_seconds,
            settings.body_timeout_seconds,
            settings.body_min_bytes_per_second,
            settings.send_timeout_seconds,
        )
