"""What a run of the fuzz came to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.fuzz.wire import Answer

SLOWEST = 10


@dataclass(frozen=True)
class Fault:
    """Something that must not be; `number` is that of the request in its run."""

    number: int
    target: str
    what: str
    notes: str
    request: str
    log: str = ""

    def __str__(self) -> str:
        return f"#{self.number} {self.target}: {self.what} [{self.notes}]\n  {self.request}\n{self.log[-2500:]}"


@dataclass
class Report:
    """Counts, times and faults. `noise` are requests that were slow once and not again."""

    seed: int
    targets: int
    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    noise: int = 0
    refused_at_the_door: int = 0

    def note(self, answer: Answer, shown: str) -> None:
        """Count an answer."""
        self.requests += 1
        self.statuses[answer.status] += 1
        self.refused_at_the_door += answer.from_the_door
        self.slowest = sorted([*self.slowest, (answer.seconds, shown)], reverse=True)[:SLOWEST]

    def lines(self) -> Iterator[str]:
        """The table to print."""
        yield f"FUZZ_SEED={self.seed}: {self.requests} hostile requests to {self.targets} targets"
        yield ""
        yield "| Status | Answers |"
        yield "|---|--:|"
        for status, number in sorted(self.statuses.items()):
            yield f"| {status} | {number} |"
        yield f"| of these by the server itself | {self.refused_at_the_door} |"
        yield ""
        yield "| Seconds | Slowest, the better of two tries |"
        yield "|--:|---|"
        for seconds, shown in self.slowest:
            yield f"| {seconds:.3f} | {shown[:180]} |"
        yield ""
        yield f"Slow once and not again: {self.noise}. Faults: {len(self.faults)}."
        for fault in self.faults:
            yield f"FAULT #{fault.number} {fault.target}: {fault.what} [{fault.notes}]"
