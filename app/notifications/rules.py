"""When a mail is tried again, and for how long a worker may hold it."""

from datetime import timedelta

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(hours=1)
MAX_DOUBLINGS = 7
JITTER = 0.1
STEPS = 4
LEASE_MARGIN = timedelta(seconds=30)


def retry_delay(attempts: int, chance: float) -> timedelta:
    """The pause after that many failed attempts: 30 s, doubling to 1 h. `chance` in [0, 1) spreads it upwards."""
    doublings = min(attempts - 1, MAX_DOUBLINGS)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY) * (1 + JITTER * chance)


def delivery_limit(smtp_timeout_seconds: float) -> timedelta:
    """How long one delivery may take as a whole, when each step of the conversation has that time limit."""
    return timedelta(seconds=smtp_timeout_seconds) * STEPS


def lease(smtp_timeout_seconds: float) -> timedelta:
    """How long a claimed mail is out of reach of other workers: longer than any delivery lasts."""
    return delivery_limit(smtp_timeout_seconds) + LEASE_MARGIN
