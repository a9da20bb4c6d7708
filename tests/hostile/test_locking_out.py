"""Strangers try passwords by the hundred: the owner comes in all the same, and they get no further than before."""

import asyncio
import re
from collections import Counter
from pathlib import Path

import pytest

from app.core.config import Settings
from tests.accounts.counters import STRANGERS, use_up
from tests.accounts.support import NEW_PASSWORD, PASSWORD
from tests.hostile.guests import guarded, log_in, post
from tests.processes.support import Premises

OWNER = "owner@example.com"
HOME, JOURNEY = "192.0.2.10", "192.0.2.99"
WRONG = "wrong horse battery"


@pytest.mark.timeout(300)
async def test_a_hundred_wrong_passwords_from_ten_addresses(
    server_url: str, template_url: str, settings: Settings, tmp_path: Path
):
    """Seen to fail (429 at home) with the choices of those who are known taken out of `_choices`."""
    async with guarded(server_url, settings, tmp_path) as premises:
        assert (await post(premises, HOME, "/auth/register", email=OWNER, password=PASSWORD)).status_code == 201
        await premises.raw.execute("UPDATE users SET email_verified_at = now()")
        assert (await guess(premises, OWNER))[401] == 50

        assert (await log_in(premises, JOURNEY, OWNER)).status_code == 429
        assert (await log_in(premises, HOME, OWNER)).status_code == 200
        assert (await log_in(premises, HOME, OWNER, WRONG)).status_code == 401

        await post(premises, JOURNEY, "/auth/password/forgot", email=OWNER)
        mail = await premises.raw.fetchval("SELECT text FROM email_outbox WHERE kind = 'password_reset'")
        token = re.search(r"\?token=([\w-]+)", mail)[1]  # type: ignore[index]
        answer = await post(premises, JOURNEY, "/auth/password/reset", token=token, new_password=NEW_PASSWORD)
        assert answer.status_code == 204
        assert (await log_in(premises, "192.0.2.100", OWNER, NEW_PASSWORD)).status_code == 200
        await use_up(premises.shop, OWNER, STRANGERS)
        assert (await log_in(premises, "192.0.2.100", OWNER, NEW_PASSWORD)).status_code == 200
        assert (await log_in(premises, "192.0.2.101", OWNER, NEW_PASSWORD)).status_code == 429
        for known in (HOME, JOURNEY):
            answer = await log_in(premises, known, OWNER, NEW_PASSWORD)
            assert answer.status_code == 200


async def guess(premises: Premises, email: str) -> Counter[int]:
    """A hundred wrong passwords from ten addresses, a few at a time."""
    statuses: Counter[int] = Counter()
    for _ in range(10):
        tries = (log_in(premises, f"203.0.113.{number}", email, WRONG) for number in range(10))
        statuses.update(answer.status_code for answer in await asyncio.gather(*tries))
    assert set(statuses) == {401, 429}
    return statuses
