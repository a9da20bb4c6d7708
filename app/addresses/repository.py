"""The SQL of address books."""

from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.addresses.models import SavedAddress

_HOLD = text("SELECT 1 FROM users WHERE id = :user_id FOR NO KEY UPDATE")


class AddressRepository:
    """Addresses of accounts in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self, user_id: int) -> list[SavedAddress]:
        """The default first, then the newest."""
        query = select(SavedAddress).where(SavedAddress.user_id == user_id)
        return list(
            await self._session.scalars(query.order_by(SavedAddress.is_default.desc(), SavedAddress.id.desc()))
        )

    async def find(self, user_id: int, address_id: int) -> SavedAddress | None:
        """The user's address of that id, as it is now."""
        query = select(SavedAddress).where(SavedAddress.user_id == user_id, SavedAddress.id == address_id)
        return await self._session.scalar(query.execution_options(populate_existing=True))

    async def default(self, user_id: int) -> SavedAddress | None:
        """The user's default address."""
        query = select(SavedAddress).where(SavedAddress.user_id == user_id, SavedAddress.is_default)
        return await self._session.scalar(query)

    async def count(self, user_id: int) -> int:
        """How many addresses the user has."""
        query = select(func.count()).select_from(SavedAddress).where(SavedAddress.user_id == user_id)
        return (await self._session.execute(query)).scalar_one()

    async def hold(self, user_id: int) -> None:
        """Lock the row of the account: who changes its address book takes this lock first, so that all take turns."""
        await self._session.execute(_HOLD, {"user_id": user_id})

    async def add(self, user_id: int, values: dict[str, Any]) -> SavedAddress:
        """The new entry."""
        entry = SavedAddress(user_id=user_id, **values)
        self._session.add(entry)
        await self._session.flush()
        await self._session.refresh(entry)
        return entry

    async def change(self, entry: SavedAddress, values: dict[str, Any]) -> None:
        """Write the values and count the change. The account must be held."""
        changed = update(SavedAddress).where(SavedAddress.id == entry.id)
        moved = {"version": SavedAddress.version + 1, "updated_at": func.clock_timestamp()}
        await self._session.execute(changed.values(**values, **moved).execution_options(synchronize_session=False))
        await self._session.refresh(entry)

    async def no_default(self, user_id: int) -> None:
        """No address of the user is the default any more. The account must be held."""
        others = update(SavedAddress).where(SavedAddress.user_id == user_id, SavedAddress.is_default)
        await self._session.execute(others.values(is_default=False).execution_options(synchronize_session=False))

    async def make_default(self, entry: SavedAddress) -> None:
        """The entry is the default, which no other one is. The account must be held."""
        chosen = update(SavedAddress).where(SavedAddress.id == entry.id).values(is_default=True)
        await self._session.execute(chosen.execution_options(synchronize_session=False))
        await self._session.refresh(entry)

    async def newest(self, user_id: int) -> SavedAddress | None:
        """The user's newest address."""
        query = select(SavedAddress).where(SavedAddress.user_id == user_id)
        return await self._session.scalar(query.order_by(SavedAddress.id.desc()).limit(1))

    async def delete(self, entry: SavedAddress) -> None:
        """Take the entry out. The account must be held."""
        await self._session.delete(entry)
        await self._session.flush()
