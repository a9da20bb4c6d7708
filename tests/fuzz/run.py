"""A run of the fuzz: the requests in their order, one at a time, and what became of them."""

import asyncio
import os
import threading
import time
from dataclasses import replace
from random import Random
from urllib.parse import urlsplit

import psutil
from argon2 import PasswordHasher

from app.accounts.passwords import NICENESS
from tests.fuzz.judging import Log, faults, is_turned_away, lost_its_session
from tests.fuzz.making import Maker
from tests.fuzz.report import Fault, Report
from tests.fuzz.shots import Draft
from tests.fuzz.targets import Target, targets_of
from tests.fuzz.wire import Answer, NoAnswer, Wire
from tests.fuzz.world import Persona, World
from tests.processes.support import Premises

SLOW_SECONDS = 1.0
QUIET_HASH_SECONDS = 0.2
ROUND = 150  # requests after which everybody is looked after
LOOK_ROUND = 1500
MOST_FAULTS = 200
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


class Run:
    """Everything that a run needs; `home` are the other sites that answers may lead to."""

    def __init__(self, premises: Premises, seed: int, home: tuple[str, ...], only: str = "") -> None:
        self._targets = [target for target in targets_of(premises.shop.app) if only in target.name]
        place = urlsplit(str(premises.shop.client.base_url))
        self._wire = Wire(str(place.hostname), place.port or 80)
        self._world = World(premises, self._wire, targets_of(premises.shop.app))
        self._maker = Maker(premises.shop.app, self._world, seed)
        self._log = Log(premises.log)
        self._server = psutil.Process(premises.pid)
        self._home = home
        self.report = Report(seed, len(self._targets))

    async def shoot(self, number: int) -> Report:
        """Ask every target once as it is meant, then spoil until `number` requests are sent."""
        try:
            await self._world.look_after()
            assert self._world.carried(self._world.personas["guest"]), "cookies are signed in a way unknown here"
            await self._world.furnish()
            await self._world.look_round()
            await self._plainly()
            await self._look()
            order = Random(self.report.seed)
            while self.report.requests < number:
                for target in order.sample(self._targets, len(self._targets)):
                    await self._one(target)
                    if self.report.requests >= number or len(self.report.faults) >= MOST_FAULTS:
                        return self.report
        finally:
            await self._wire.close()
        return self.report

    async def _look(self) -> None:
        await self._world.look_after()
        await self._world.look_round()

    async def _plainly(self) -> None:
        """Where who means well is turned away, the fuzz would knock at closed doors for ever."""
        for number, target in enumerate(self._targets):
            for last in (False, True):  # the session may have ended by what was asked before
                draft, persona = await self._maker.good(target, Random(number), role=target.needs or "guest")
                answer = await self._ask(target, draft, persona, Random(number))
                if answer is None or not target.needs or not is_turned_away(answer):
                    break
                if last:
                    self._blame(target, draft, "who means well is turned away", repr(answer.text[:300]))

    async def _one(self, target: Target) -> None:
        if self.report.requests % ROUND == 0:
            await self._world.look_after()
        if self.report.requests % LOOK_ROUND == 0:
            await self._world.look_round()
        rng = Random(f"{self.report.seed}:{self.report.requests}")
        draft, persona = await self._maker.spoilt(target, rng)
        await self._ask(target, draft, persona, rng)

    async def _ask(self, target: Target, draft: Draft, persona: Persona, rng: Random) -> Answer | None:
        """Send it and judge the answer; None when there was none."""
        request = draft.raw(rng)
        shown = repr(request[:1500])[2:-1]
        try:
            answer = await self._wire.ask(request, head=draft.method == b"HEAD")
        except NoAnswer as silence:
            self._blame(target, draft, f"no answer: {silence}", shown, self._log.news())
            self.report.requests += 1
            return None
        found = list(faults(answer, target.path, home=self._home))
        if answer.seconds > SLOW_SECONDS:
            again, slow = await self._again(request, draft)
            answer = replace(answer, seconds=min(answer.seconds, again))
            found += slow
        if log := self._log.news():
            found.append("the log tells of a fault")
        for what in found:
            self._blame(target, draft, what, shown, log)
        self.report.note(answer, f"{target.name} [{', '.join(draft.notes)}] {shown[:400]}")
        if persona.bearer and not draft.disguised and lost_its_session(answer):
            await self._world.revive(persona.role)
        return answer

    def _blame(self, target: Target, draft: Draft, what: str, shown: str, log: str = "") -> None:
        fault = Fault(self.report.requests, target.name, what, ", ".join(draft.notes), shown, log)
        self.report.faults.append(fault)

    async def _again(self, request: bytes, draft: Draft) -> tuple[float, list[str]]:
        """How long it takes again, and whether that is slow.

        A machine that has much else to do is given as much longer as it needs; but whatever else it does, the thread
        that serves all requests must not work for so long on one.
        """
        burden, worked = await asyncio.to_thread(_burden), self._seconds_worked()
        again = await self._wire.ask(request, head=draft.method == b"HEAD")
        worked = self._seconds_worked() - worked
        burden = max(burden, await asyncio.to_thread(_burden))
        if worked > SLOW_SECONDS or again.seconds > SLOW_SECONDS * burden:
            return again.seconds, [f"slow twice: {again.seconds:.2f} s, {worked:.2f} s of them at work"]
        self.report.noise += 1
        return again.seconds, []

    def _seconds_worked(self) -> float:
        """CPU time of the server's main thread until now."""
        main = next(thread for thread in self._server.threads() if thread.id == self._server.pid)
        return float(main.user_time + main.system_time)


def _burden() -> float:
    """How many times longer than on a quiet machine it takes to hash a password; 1 at least.

    At the low priority at which the shop does: on a busy machine that is what takes longest.
    """
    took: list[float] = []

    def hash_one() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        began = time.perf_counter()
        _HASHER.hash("password")
        took.append(time.perf_counter() - began)

    thread = threading.Thread(target=hash_one)
    thread.start()
    thread.join()
    return max(1.0, took[0] / QUIET_HASH_SECONDS)
