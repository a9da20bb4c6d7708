"""When a job that failed is tried again."""

from datetime import timedelta

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
MAX_DOUBLINGS = 7
JITTER = 0.1


def retry_delay(attempts: int, chance: float) -> timedelta:
    """The pause after that many failed attempts: 30 s, doubling to 1 h. `chance` in [0, 1) spreads it upwards."""
    doublings = min(attempts - 1, MAX_DOUBLINGS)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY) * (1 + JITTER * chance)
