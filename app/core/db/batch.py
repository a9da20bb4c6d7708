"""Statements that change rows and are waited for by nobody: collected, and sent in one round trip."""

import re

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.driver import driver

_FILLED = "filled batches"
_PLACE = re.compile(r"\$(\d+)")


class Batch:
    """Statements for one transaction, sent together by whoever made the batch.

    They run in no order and see nothing of each other; none of them may have a WITH of its own. A transaction that
    holds a filled batch is not committed (`refuse_unsent`).
    """

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self._parts: list[str] = []
        self._values: list[object] = []

    def add(self, statement: str, *values: object) -> None:
        """Have `statement` sent with the others; its values are `$1` and so on."""
        if not self._parts:
            self.session.info.setdefault(_FILLED, []).append(self)
        self._parts.append(f"part_{len(self._parts)} AS ({_renumbered(statement, len(self._values))})")
        self._values += values

    async def send(self) -> None:
        """Run what was added since the batch was sent last; nothing where nothing was."""
        if not self._parts:
            return
        statement, values = f"WITH {', '.join(self._parts)} SELECT", self._values
        self._parts, self._values = [], []
        self.session.info[_FILLED].remove(self)
        await (await driver(self.session)).execute(statement, *values)


def refuse_unsent(session: AsyncSession) -> None:
    """Raise AssertionError where a batch of the session was filled and not sent: its changes would be lost."""
    if batches := session.info.pop(_FILLED, None):
        statements = sum(len(batch._parts) for batch in batches)  # noqa: SLF001 - this is the other half of the class
        raise AssertionError(f"{statements} statements of a batch were never sent")


def _renumbered(statement: str, before: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + before}", statement)
