"""The SQL by which workers share a table: claiming, renewing, giving back, listing and queueing again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.jobs.models import Leased


class Claimed(Protocol):
    """A row in the hands of a worker. `attempts` counts this claim, and tells it from later ones."""

    @property
    def id(self) -> int: ...

    @property
    def attempts(self) -> int: ...


Row = TypeVar("Row", bound=Leased)
Item = TypeVar("Item", bound=Claimed)


class Leases(Generic[Row, Item]):
    """The rows of a table as items of a frozen dataclass, whose fields are columns."""

    def __init__(self, table: type[Row], item: type[Item]) -> None:
        self._table = table
        self._item = item
        self._columns = [getattr(table, name) for name in item.__dataclass_fields__]  # type: ignore[attr-defined]

    async def claim(self, session: AsyncSession, lease: timedelta, *wanted: ColumnElement[bool]) -> Item | None:
        """Take the row that has been due for longest; no other worker gets it before the lease ends.

        One statement. Rows that other transactions hold are passed by.
        """
        table = self._table
        due = (
            select(table.id)
            .where(
                *wanted,
                table.status == "pending",
                table.next_attempt_at <= func.now(),
                or_(table.locked_until.is_(None), table.locked_until <= func.now()),
            )
            .order_by(table.next_attempt_at, table.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        taking = (
            update(table)
            .where(table.id == due.scalar_subquery())
            .values(attempts=table.attempts + 1, locked_until=func.now() + lease)
            .execution_options(synchronize_session=False)
        )
        row = (await session.execute(taking.returning(*self._columns))).one_or_none()
        return None if row is None else self._item(*row)

    async def renew(self, session: AsyncSession, item: Item, lease: timedelta) -> bool:
        """Hold the row for that long from now on; False when the claim is not the last one any more."""
        return await self._change(session, item, locked_until=func.now() + lease)

    async def give_back(self, session: AsyncSession, item: Item, **columns: Any) -> bool:
        """End the lease and set these columns; a worker that was late leaves the claim of another alone."""
        return await self._change(session, item, locked_until=None, **columns)

    async def _change(self, session: AsyncSession, item: Item, **columns: Any) -> bool:
        table = self._table
        mine = and_(table.id == item.id, table.status == "pending", table.attempts == item.attempts)
        change = update(table).where(mine).values(**columns).execution_options(synchronize_session=False)
        return await session.scalar(change.returning(table.id)) is not None

    async def postpone(self, session: AsyncSession, item: Item, error: str, delay: timedelta) -> None:
        """Due again after `delay`."""
        await self.give_back(session, item, last_error=error, next_attempt_at=func.now() + delay)

    async def give_up(self, session: AsyncSession, item: Item, error: str) -> None:
        """Nothing is tried any more until somebody queues it again."""
        await self.give_back(session, item, last_error=error, status="dead")

    async def page(
        self, session: AsyncSession, status: str | None, offset: int, limit: int
    ) -> tuple[int, Sequence[Row]]:
        """How many rows have that status (None: any), and some of them, the newest first."""
        wanted = () if status is None else (self._table.status == status,)
        total = await session.scalar(select(func.count()).select_from(self._table).where(*wanted))
        query = select(self._table).where(*wanted).order_by(self._table.id.desc()).offset(offset).limit(limit)
        return total or 0, (await session.scalars(query)).all()

    async def requeue(self, session: AsyncSession, ids: Sequence[int] | None) -> list[int]:
        """Make the dead ones among these rows (None: all dead ones) due at once, with all attempts before them."""
        table = self._table
        named = () if ids is None else (table.id.in_(ids),)
        statement = (
            update(table)
            .where(table.status == "dead", *named)
            .values(status="pending", attempts=0, next_attempt_at=func.now(), locked_until=None)
            .execution_options(synchronize_session=False)
        )
        return sorted((await session.scalars(statement.returning(table.id))).all())
