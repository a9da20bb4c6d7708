"""How long to measure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """So many alternating rounds of so many seconds, after a warm-up; orders in a history; books in growing shops."""

    rounds: int = 5
    seconds: int = 8
    warm_up: int = 3
    history: int = 20
    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    growth_rounds: int = 200


QUICK = Plan(rounds=1, seconds=3, warm_up=1, history=3, sizes=(1_000, 10_000), growth_rounds=20)
