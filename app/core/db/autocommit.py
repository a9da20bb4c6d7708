"""Sessions for requests that only read. Some are kept with their connections: to open one costs more than a look."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.db.batch import refuse_unsent
from app.core.db.engine import AUTOCOMMIT_CONNECTIONS
from app.core.db.sessions import sessions_on

T = TypeVar("T")


class AutocommitSessions:
    """Sessions without BEGIN and COMMIT: each of their statements sees what is committed by then."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._new = sessions_on(engine.execution_options(isolation_level="AUTOCOMMIT"))
        self._kept: list[AsyncSession] = []

    async def run(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """The answer of `work` on a session of its own; after an error the session is not kept."""
        session = self._kept.pop() if self._kept else self._new()
        try:
            found = await work(session)
            refuse_unsent(session)
        except BaseException:
            await session.close()
            raise
        if len(self._kept) < AUTOCOMMIT_CONNECTIONS:
            if session.sync_session.identity_map:
                session.expunge_all()
            self._kept.append(session)
        else:
            await session.close()
        return found

    async def aclose(self) -> None:
        """Hand the connections back."""
        while self._kept:
            await self._kept.pop().close()
