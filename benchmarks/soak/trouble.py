"""Kills, one after the other, until time is up; after each the shop must come back by what an operator would do."""

import asyncio
import os
import random
import signal
import time
from collections import Counter

from benchmarks.soak.premises import Premises
from benchmarks.soak.told import Told, Unexpected

PAUSE_SECONDS = (4.0, 12.0)
# Each is dealt that often before the deck is shuffled anew.
DECK = {
    "a server process": 3,
    "the supervisor of the servers": 1,
    "the whole shop": 2,
    "PostgreSQL": 2,
    "a database process": 1,
    "half of all connections": 3,
    "the mail worker": 2,
    "SIGTERM, an orderly stop": 1,
}


class Trouble:
    """What was killed how often, and how long the shop needed at most, in seconds."""

    def __init__(self, premises: Premises, told: Told, seed: int) -> None:
        self.times: Counter[str] = Counter()
        self.longest: dict[str, float] = {}
        self._premises = premises
        self._told = told
        self._chance = random.Random(f"{seed} trouble")
        self._deck: list[str] = []
        self._makers = {
            "a server process": self._kill_server,
            "the supervisor of the servers": self._kill_supervisor,
            "the whole shop": self._kill_shop,
            "PostgreSQL": self._kill_postgres,
            "a database process": self._kill_backend,
            "half of all connections": self._cut_connections,
            "the mail worker": self._kill_mail_worker,
            "SIGTERM, an orderly stop": self._stop_in_good_order,
        }

    async def make(self) -> None:
        """Until time is up; the shop is ready when this returns."""
        try:
            while True:
                await asyncio.sleep(self._chance.uniform(*PAUSE_SECONDS))
                if self._told.over:
                    return
                await self._strike(self._next())
        except Unexpected as surprise:
            self._told.surprises.append(f"trouble: {surprise}")

    async def _strike(self, what: str) -> None:
        began = time.monotonic()
        try:
            await self._makers[what]()
            await self._premises.ready()
        except Unexpected as surprise:
            raise Unexpected(f"{what}: {surprise}") from surprise
        self.times[what] += 1
        self.longest[what] = max(self.longest.get(what, 0), time.monotonic() - began)

    def _next(self) -> str:
        if not self._deck:
            self._deck = [what for what, times in DECK.items() for _ in range(times)]
            self._chance.shuffle(self._deck)
        return self._deck.pop()

    async def _kill_server(self) -> None:
        """Its supervisor replaces it."""
        self._chance.choice(self._premises.servers()).kill()

    async def _kill_supervisor(self) -> None:
        """Its servers finish what is under way and leave the port to the next shop."""
        await self._premises.orphan_servers()
        await self._premises.open()

    async def _kill_shop(self) -> None:
        self._premises.kill("shop")
        await self._premises.open()

    async def _kill_postgres(self) -> None:
        """Any command starts it again; that one also says whether all laws held right after the recovery."""
        pid = self._premises.postgres.status().pid
        if pid is None:
            raise Unexpected("PostgreSQL is not running")
        os.kill(pid, signal.SIGKILL)
        await self._premises.bookstore("verify")

    async def _kill_backend(self) -> None:
        """PostgreSQL ends all sessions, recovers and goes on by itself."""
        pids = await self._of_sessions("pid")
        os.kill(self._chance.choice(pids), signal.SIGKILL)

    async def _cut_connections(self) -> None:
        await self._of_sessions("CASE WHEN random() < 0.5 THEN pg_terminate_backend(pid) END")

    async def _of_sessions(self, wanted: str) -> list[int]:
        connection = await self._premises.connect()
        try:
            rows = await connection.fetch(
                f"SELECT {wanted} FROM pg_stat_activity WHERE application_name = 'bookstore'"
            )
        finally:
            await connection.close()
        return [row[0] for row in rows]

    async def _kill_mail_worker(self) -> None:
        self._premises.kill("mail worker")
        self._premises.hire_mail_worker()

    async def _stop_in_good_order(self) -> None:
        """Exit code 0, and whoever was answered nothing finds that nothing happened."""
        self._told.closing = True
        await self._premises.stop("shop")
        await self._premises.open()
        self._told.closing = False
