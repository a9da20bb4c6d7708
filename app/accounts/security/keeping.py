"""Storing refusals: in short transactions of their own, one at a time in each process, before the answer goes out.

The request has let go of its connection by then, so none ever needs two; and a flood of refusals takes one
connection from the shop, however many come at once.
"""

import asyncio
import logging

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.security.note import SecurityNote
from app.accounts.security.noting import Noted, noted
from app.accounts.security.repository import keep
from app.core.db.transaction import DATABASE, Database

PATIENCE_SECONDS = 0.5
"""How long an answer waits for its event to be stored. What takes longer stands in the log alone."""

log = logging.getLogger(__name__)


class _Waiting:
    """Equal notes that wait to be stored together."""

    def __init__(self) -> None:
        self.times = 0
        self.is_over = asyncio.Event()


class RefusalKeeper:
    """Stores refusals one after the other; those equal to one that waits are counted with it."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting: dict[SecurityNote, _Waiting] = {}

    async def keep(self, database: Database, note: SecurityNote) -> None:
        """Return when it is stored. Raises whatever prevents that, and TimeoutError."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            group = self._waiting.get(note)
            if group is not None:
                group.times += 1
                await group.is_over.wait()
                return
            await self._lead(database, note)

    async def _lead(self, database: Database, note: SecurityNote) -> None:
        group = self._waiting[note] = _Waiting()
        group.times = 1
        try:
            async with self._turn:
                del self._waiting[note]

                async def work(session: AsyncSession) -> None:
                    await keep(session, note, group.times)

                await database.transaction(work, one_statement=True)
        finally:
            if self._waiting.get(note) is group:
                del self._waiting[note]
            group.is_over.set()


class SecurityNotes:
    """Lets whatever is noted in a request know its client, and stores what was refused before the answer goes out.

    An event that cannot be stored changes nothing about the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._keeper = RefusalKeeper()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        mine = Noted(scope)
        token = noted.set(mine)

        async def send_when_kept(message: Message) -> None:
            if mine.refusals and message["type"] == "http.response.start":
                await self._keep(scope, mine)
            await send(message)

        try:
            await self.app(scope, receive, send_when_kept)
        finally:
            noted.reset(token)

    async def _keep(self, scope: Scope, mine: Noted) -> None:
        refusals, mine.refusals = mine.refusals, []
        try:
            for note in refusals:
                await self._keeper.keep(DATABASE.of(scope["app"]), note)
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer stands
            log.warning("security events may stand in the log alone: %s", type(error).__name__)
