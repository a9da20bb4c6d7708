"""A measured value with its limit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`at_most` and `at_least` are bounds in the unit of the value; None where there is none."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def limit(self) -> str:
        """The bound as it is printed."""
        if self.at_most is not None:
            return f"≤ {self.at_most:,.4g} {self.unit}"
        return "" if self.at_least is None else f"≥ {self.at_least:,.4g} {self.unit}"

    @property
    def ok(self) -> bool | None:
        """Whether the value keeps its bound; None without one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least
