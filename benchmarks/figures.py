"""A measured value with its limit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`limit` is the most the value may be, `least` the least, in the same unit; None where there is no bound."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    least: float | None = None

    @property
    def bound(self) -> float | None:
        """The one bound or the other."""
        return self.least if self.limit is None else self.limit

    def bound_text(self) -> str:
        """The bound as it is printed; nothing without one."""
        if self.bound is None:
            return ""
        return f"{'≥' if self.limit is None else '≤'} {self.bound:,.4g} {self.unit}"

    def verdict(self) -> str:
        """`ok` within the bound, `missed` beyond, nothing without one."""
        if self.bound is None:
            return ""
        kept = self.value >= self.bound if self.limit is None else self.value <= self.bound
        return "ok" if kept else "missed"
