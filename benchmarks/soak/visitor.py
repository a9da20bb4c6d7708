"""Somebody who speaks HTTP to a shop that may be down, busy or stopping, and insists on an answer."""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Collection
from dataclasses import dataclass, field
from typing import Any

from httpx2 import AsyncClient, ConnectError, ConnectTimeout, Response, TransportError

from benchmarks.soak.told import Told, Unexpected

PATIENCE_SECONDS = 150
HASTE_SECONDS = 20  # once the soak has failed
PAUSE_SECONDS = 0.4
ASK_AGAIN = frozenset({"BUSY_TRY_AGAIN", "IDEMPOTENCY_IN_PROGRESS"})


@dataclass
class Tries:
    """What came of a request before it was answered: it may have been carried out unseen."""

    busy: int = 0
    lost: int = 0
    lost_in_closing: int = 0

    @property
    def in_doubt(self) -> bool:
        return bool(self.busy or self.lost)

    @property
    def only_closing(self) -> bool:
        """Nothing but an orderly stop came between."""
        return bool(self.lost) and self.lost == self.lost_in_closing and not self.busy


@dataclass(frozen=True)
class Answer:
    """An answer that stands. `outcome` is the status, or the code of a refusal."""

    outcome: str
    response: Response
    tries: Tries = field(default_factory=Tries)

    @property
    def body(self) -> Any:
        return self.response.json()

    @property
    def replayed(self) -> bool:
        return "Idempotent-Replayed" in self.response.headers


class Visitor(ABC):
    """One person; all chance comes from a seed of theirs."""

    def __init__(self, name: str, client: AsyncClient, told: Told, seed: int) -> None:
        self.name = name
        self.told = told
        self.chance = random.Random(f"{seed} {name}")
        self._client = client
        self._headers: dict[str, str] = {}

    async def work(self) -> None:
        """Come, and act until time is up."""
        await self._or_surprise(self._come_and_act())

    async def look_back(self) -> None:
        """When all is quiet: compare what the shop shows now with what it said."""
        await self._or_surprise(self.check())

    async def _come_and_act(self) -> None:
        await self.enter()
        while not self.told.over:
            await self.act()

    async def _or_surprise(self, doing: Awaitable[None]) -> None:
        """What must not happen ends the soak."""
        try:
            await doing
        except Unexpected as surprise:
            self.told.surprises.append(f"{self.name}: {surprise}")

    @abstractmethod
    async def enter(self) -> None: ...

    @abstractmethod
    async def act(self) -> None: ...

    @abstractmethod
    async def check(self) -> None: ...

    async def ask(
        self,
        method: str,
        path: str,
        expected: Collection[str],
        *,
        once_doubted: Collection[str] = (),
        key: str | None = None,
        **content: Any,
    ) -> Answer:
        """The answer that stands. While the shop is out of reach or busy the same is asked again.

        Raises:
            Unexpected: the outcome is not among `expected`, nor, where an earlier try may have been carried out
                unseen, among `once_doubted`; or there was none in a long time.
        """
        tries, began = Tries(), time.monotonic()
        while time.monotonic() < began + self._patience:
            answer = await self.try_once(method, path, tries, key=key, **content)
            if answer is not None:
                allowed = {*expected, *(once_doubted if tries.in_doubt else ())}
                if answer.outcome not in allowed:
                    raise Unexpected(f"{method} {path} {content or ''}: {_quoted(answer)}")
                return answer
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * PAUSE_SECONDS)
        raise Unexpected(f"{method} {path}: no answer in {time.monotonic() - began:.0f} seconds, {tries}")

    async def try_once(
        self, method: str, path: str, tries: Tries, *, key: str | None = None, **content: Any
    ) -> Answer | None:
        """One request. None when no answer came or the shop said that it is busy; `tries` takes note of which."""
        headers = self._headers if key is None else self._headers | {"Idempotency-Key": key}
        try:
            response = await self._client.request(method, path, headers=headers, **content)
        except (ConnectError, ConnectTimeout):
            self.told.answers["not connected"] += 1
            return None
        except TransportError as error:
            self.told.answers[f"no answer ({type(error).__name__})"] += 1
            tries.lost += 1
            tries.lost_in_closing += self.told.closing
            return None
        answer = Answer(_outcome(response), response, tries)
        self.told.answers[answer.outcome] += 1
        if answer.outcome in ASK_AGAIN:
            if "Retry-After" not in response.headers:
                raise Unexpected(f"{method} {path}: {response.status_code} without Retry-After")
            tries.busy += 1
            return None
        return answer

    @property
    def _patience(self) -> float:
        return HASTE_SECONDS if self.told.surprises else PATIENCE_SECONDS

    def bear(self, token: str) -> None:
        """Act with that access token from now on."""
        self._headers = {"Authorization": f"Bearer {token}"}

    def may(self, share: float) -> bool:
        """True that often."""
        return self.chance.random() < share


def _outcome(response: Response) -> str:
    if response.is_success:
        return str(response.status_code)
    try:
        return str(response.json()["code"])
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} without a problem document"


def _quoted(answer: Answer) -> str:
    return f"{answer.response.status_code} {answer.response.text[:300]} after {answer.tries}"
