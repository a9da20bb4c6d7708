"""The course of a soak: open, let buyers, staff and trouble loose, let all come to rest, and reckon."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from httpx2 import AsyncClient, Limits

from benchmarks.soak.buyer import Buyer
from benchmarks.soak.mailbox import Mailbox
from benchmarks.soak.premises import Premises
from benchmarks.soak.reckoning import Found, look, reckon
from benchmarks.soak.report import Report
from benchmarks.soak.staff import Staff
from benchmarks.soak.told import Told, Unexpected
from benchmarks.soak.trouble import Trouble
from benchmarks.soak.visitor import Visitor
from tests.mail.support import HOST, mail_server

BUYERS, STAFF = 12, 2
ANSWER_SECONDS = 30
SMTP_SECONDS = 5
# A mail whose worker was killed is due again after its lease (50 s here), one that failed after 33 s or 66 s.
MAILS_SECONDS = 150


@dataclass(frozen=True)
class Plan:
    """How long, and which choices."""

    minutes: float
    seed: int


async def soak(plan: Plan, premises: Premises) -> Report:
    """The report. What goes wrong in the open shop is in it.

    Raises:
        Unexpected: it did not even open.
    """
    mailbox, told = Mailbox(plan.seed), Told()
    trouble = Trouble(premises, told, plan.seed)
    async with mail_server(mailbox):
        premises.furnish(_settings(plan, mailbox))
        await premises.open("--demo")
        try:
            await _trade(plan, premises, told, trouble)
            await _all_mails_sent(premises)
            await _close(premises)
        except Unexpected as surprise:
            told.surprises.append(str(surprise))
        found = await _look(premises)
    return Report(plan.minutes, told, trouble, mailbox, reckon(told, found, mailbox))


def _settings(plan: Plan, mailbox: Mailbox) -> dict[str, str]:
    return {
        "ACCESS_TOKEN_EXPIRE_MINUTES": str(int(plan.minutes) + 60),
        "LOG_LEVEL": "WARNING",
        "MAX_IDEMPOTENCY_KEYS": "1000000",
        "MAX_DECLINED_PAYMENTS": "1000000",
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(mailbox.port),
        "SMTP_STARTTLS": "false",
        "SMTP_TIMEOUT_SECONDS": str(SMTP_SECONDS),
    }


async def _trade(plan: Plan, premises: Premises, told: Told, trouble: Trouble) -> None:
    """Until time is up, everybody has an answer to everything, and found it true."""
    premises.hire_mail_worker()
    limits = Limits(max_connections=4 * (BUYERS + STAFF))
    async with AsyncClient(base_url=premises.address, timeout=ANSWER_SECONDS, limits=limits) as client:
        staff = [Staff(f"staff {n}", client, told, plan.seed, premises.data) for n in range(STAFF)]
        buyers = [Buyer(f"buyer {n}", client, told, plan.seed) for n in range(BUYERS)]
        await staff[0].take_stock()
        told.end = time.monotonic() + plan.minutes * 60
        people: list[Visitor] = [*staff, *buyers]
        await _together(trouble.make(), *(person.work() for person in people))
        await _together(*(buyer.look_back() for buyer in buyers), staff[0].look_back())


async def _together(*doings: Coroutine[Any, Any, object]) -> None:
    """If one breaks down, the others do not go on alone."""
    async with asyncio.TaskGroup() as group:
        for doing in doings:
            group.create_task(doing)


async def _all_mails_sent(premises: Premises) -> None:
    """Wait until no mail is pending, or for so long that none ought to be."""
    connection = await premises.connect()
    try:
        deadline = time.monotonic() + MAILS_SECONDS
        while await connection.fetchval("SELECT count(*) FROM email_outbox WHERE status = 'pending'"):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(0.5)
    finally:
        await connection.close()


async def _close(premises: Premises) -> None:
    """In good order: exit codes 0, and the last one stops the database."""
    await premises.stop("mail worker")
    await premises.stop("shop")
    if premises.postgres.status().running:
        raise Unexpected("PostgreSQL runs on although nobody needs it")
    await premises.bookstore("verify")


async def _look(premises: Premises) -> Found:
    with premises.postgres.running():
        connection = await premises.connect()
        try:
            return await look(connection)
        finally:
            await connection.close()
