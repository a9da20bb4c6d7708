"""Sessions that keep what they have loaded alive until they are done with it.

Python 3.11 damages its heap otherwise, see docs/decisions/0011-sessions-hold-their-objects.md.
"""

from typing import Any, TypeAlias

from sqlalchemy import event
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,  # noqa: TID251 - here
)
from sqlalchemy.orm import Session

SessionMaker: TypeAlias = async_sessionmaker[AsyncSession]


class HoldingSession(Session):
    """A session that refers to its objects; SQLAlchemy's own refers only to those that were changed."""

    def __init__(self, *words: Any, **options: Any) -> None:
        self._held: list[object] = []
        super().__init__(*words, **options)

    def expunge_all(self) -> None:
        """Let go of all objects: first as SQLAlchemy does, then of the objects themselves. `close` does so too."""
        super().expunge_all()
        self._held.clear()


@event.listens_for(HoldingSession, "loaded_as_persistent")
@event.listens_for(HoldingSession, "pending_to_persistent")
@event.listens_for(HoldingSession, "detached_to_persistent")
def _hold(session: HoldingSession, instance: object) -> None:
    session._held.append(instance)  # noqa: SLF001 - this is the other half of the class


def sessions_on(bind: AsyncEngine | AsyncConnection, **options: Any) -> SessionMaker:
    """How sessions on `bind` are made; `options` as for `AsyncSession`."""
    return async_sessionmaker(bind, sync_session_class=HoldingSession, expire_on_commit=False, **options)
