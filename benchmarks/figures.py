"""A measured value with its limit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`limit` is the most the value may be, in the same unit; None where there is no bound."""

    name: str
    value: float
    unit: str
    limit: float | None = None

    def verdict(self) -> str:
        """`ok` within the limit, `over` beyond, nothing without one."""
        if self.limit is None:
            return ""
        return "ok" if self.value <= self.limit else "over"
