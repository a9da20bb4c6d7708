"""The result as tables."""

from dataclasses import dataclass
from typing import Any

from rich.console import Console

from benchmarks.soak.mailbox import Mailbox
from benchmarks.soak.reckoning import Line
from benchmarks.soak.told import Told
from benchmarks.soak.trouble import Trouble

console = Console(width=160, highlight=False, soft_wrap=True, markup=False)


@dataclass(frozen=True)
class Report:
    """`lines` is empty when the soak broke down before the reckoning."""

    minutes: float
    told: Told
    trouble: Trouble
    mailbox: Mailbox
    lines: list[Line]

    @property
    def ok(self) -> bool:
        """All agrees, and nothing happened that must not."""
        return bool(self.lines) and all(line.agrees for line in self.lines) and not self.told.surprises

    def show(self) -> None:
        """Print everything."""
        answers = self.told.answers
        _table(("Killed", "Times", "Ready again after at most"), self._kills())
        _table(("Answer", "Times"), sorted(answers.items(), key=lambda answer: -answer[1]))
        _table(
            ("Total", "Told", "Found", ""),
            [(line.what, line.told, line.found, _verdict(line)) for line in self.lines],
        )
        kills, again = self.trouble.times.total(), self.mailbox.repeats
        console.print(f"{self.minutes:g} minutes, {answers.total()} requests, {kills} kills and stops.")
        console.print(f"Mails that came again, under the Message-ID they had: {again}.")
        for surprise in self.told.surprises:
            console.print(f"UNEXPECTED {surprise}")
        console.print("All agrees." if self.ok else "It does NOT agree.")

    def _kills(self) -> list[tuple[Any, ...]]:
        trouble = self.trouble
        return [(what, times, f"{trouble.longest[what]:.1f} s") for what, times in sorted(trouble.times.items())]


def _verdict(line: Line) -> str:
    return "ok" if line.agrees else "DIFFERS"


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    for row in (head, ("---",) * len(head), *rows):
        console.print(f"| {' | '.join(str(cell) for cell in row)} |")
    console.print()
