"""Requests for a reset, a confirmation and accounts by the dozen: the mailbox gets few mails, all of them of use."""

import re
from pathlib import Path

import pytest

from app.core.config import Settings
from tests.accounts.support import NEW_PASSWORD, PASSWORD
from tests.hostile.guests import guarded, log_in, post
from tests.processes.support import Premises

VICTIM = "victim@example.com"


@pytest.mark.timeout(300)
async def test_sixty_requests_from_as_many_addresses(
    server_url: str, template_url: str, settings: Settings, tmp_path: Path
):
    """Seen to fail (60 mails, the last link alone of use) without the cap, and with older links voided."""
    async with guarded(server_url, settings, tmp_path) as premises:
        await post(premises, "192.0.2.1", "/auth/register", email=VICTIM, password=PASSWORD)
        tokens = (await log_in(premises, "192.0.2.1", VICTIM)).json()
        answers = []
        for number in range(60):
            answers.append(await post(premises, f"203.0.113.{number}", "/auth/password/forgot", email=VICTIM))
            if number < 10:
                await resend(premises, tokens["access_token"])
                await register(premises, f"victim+{number}@example.com")
        nobody = await post(premises, "203.0.113.99", "/auth/password/forgot", email="nobody@example.com")
        assert {(answer.status_code, answer.text) for answer in answers} == {(202, nobody.text)}

        rows = await premises.raw.fetch("SELECT kind, text FROM email_outbox ORDER BY id")
        assert len(rows) == 5
        links = [re.search(r"\?token=([\w-]+)", row["text"])[1] for row in rows if row["kind"] == "password_reset"]  # type: ignore[index]
        assert len(links) > 1
        for link in links:
            page = await premises.shop.client.get(f"/account/reset?token={link}")
            assert page.status_code == 200
        body = {"token": links[0], "new_password": NEW_PASSWORD}
        assert (await post(premises, "192.0.2.1", "/auth/password/reset", **body)).status_code == 204
        for link in links:
            assert (await premises.shop.client.get(f"/account/reset?token={link}")).status_code == 400


async def resend(premises: Premises, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert (await premises.shop.client.post("/auth/verify-email/resend", headers=headers)).status_code == 202


async def register(premises: Premises, email: str) -> None:
    assert (
        await post(premises, "203.0.113.200", "/auth/register", email=email, password=PASSWORD)
    ).status_code == 201
