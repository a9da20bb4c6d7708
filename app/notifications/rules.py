"""How long a delivery may take, and for how long a worker may hold a mail."""

from datetime import timedelta

STEPS = 4
LEASE_MARGIN = timedelta(seconds=30)


def delivery_limit(smtp_timeout_seconds: float) -> timedelta:
    """How long one delivery may take as a whole, when each step of the conversation has that time limit."""
    return timedelta(seconds=smtp_timeout_seconds) * STEPS


def lease(smtp_timeout_seconds: float) -> timedelta:
    """How long a claimed mail is out of reach of other workers: longer than any delivery lasts."""
    return delivery_limit(smtp_timeout_seconds) + LEASE_MARGIN
