"""When a mail is tried again, and for how long a worker holds it."""

from datetime import timedelta

import pytest

from app.jobs.rules import retry_delay
from app.mail.delivery import delivery_limit, lease


def test_the_pauses_double_from_half_a_minute_to_an_hour():
    pauses = [retry_delay(attempts, 0).total_seconds() for attempts in range(1, 10)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert retry_delay(1000, 0) == timedelta(hours=1)


def test_chance_only_ever_lengthens_a_pause_and_by_a_tenth_at_most():
    assert retry_delay(1, 0.999) <= timedelta(seconds=33)
    assert retry_delay(1, 0) < retry_delay(1, 0.5) < retry_delay(1, 0.999)


@pytest.mark.parametrize("seconds", [0.1, 10, 300])
def test_a_lease_outlasts_any_delivery(seconds: float):
    assert lease(seconds) >= delivery_limit(seconds) + timedelta(seconds=30)
