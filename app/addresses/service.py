"""Address books: up to so many addresses of an account, one of which a checkout begins with."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.addresses.errors import AddressBookFull, AddressChanged, AddressNotFound
from app.addresses.models import SavedAddress
from app.addresses.repository import AddressRepository
from app.addresses.rules import check
from app.addresses.schemas import AddressIn, ChangeAddress


class AddressService:
    """Address books in the transaction of a session; each holds up to `max_addresses`.

    Changes lock the row of the account first. As long as there are addresses, one of them is the default: the first,
    or the one that was chosen, or the newest after that was deleted.
    """

    def __init__(self, session: AsyncSession, max_addresses: int) -> None:
        self._addresses = AddressRepository(session)
        self._max_addresses = max_addresses

    async def all(self, user_id: int) -> list[SavedAddress]:
        """The user's addresses, the default first, then the newest."""
        return await self._addresses.all(user_id)

    async def count(self, user_id: int) -> int:
        """How many addresses the user has."""
        return await self._addresses.count(user_id)

    async def default(self, user_id: int) -> SavedAddress | None:
        """The address that a checkout begins with; None in an empty book."""
        return await self._addresses.default(user_id)

    async def get(self, user_id: int, address_id: int) -> SavedAddress:
        """One of the user's addresses. Raises AddressNotFound."""
        found = await self._addresses.find(user_id, address_id)
        if found is None:
            raise AddressNotFound
        return found

    async def add(self, user_id: int, wanted: AddressIn) -> SavedAddress:
        """Raises AddressInvalid and AddressBookFull."""
        address = check(wanted.address, needs_name=True, within="address")
        await self._addresses.hold(user_id)
        count = await self._addresses.count(user_id)
        if count >= self._max_addresses:
            raise AddressBookFull(self._max_addresses)
        if wanted.is_default:
            await self._addresses.no_default(user_id)
        values = {"label": wanted.label, "given": address.given(), "is_default": wanted.is_default or count == 0}
        return await self._addresses.add(user_id, values)

    async def change(self, user_id: int, address_id: int, wanted: ChangeAddress) -> SavedAddress:
        """Write it anew. Raises AddressInvalid, AddressNotFound, and AddressChanged where its version is another."""
        address = check(wanted.address, needs_name=True, within="address")
        await self._addresses.hold(user_id)
        entry = await self.get(user_id, address_id)
        if wanted.version not in {None, entry.version}:
            raise AddressChanged
        await self._addresses.change(entry, {"label": wanted.label, "given": address.given()})
        if wanted.is_default:
            await self._make_default(user_id, entry)
        return entry

    async def make_default(self, user_id: int, address_id: int) -> SavedAddress:
        """A checkout begins with this one from now on. Raises AddressNotFound."""
        await self._addresses.hold(user_id)
        entry = await self.get(user_id, address_id)
        await self._make_default(user_id, entry)
        return entry

    async def delete(self, user_id: int, address_id: int) -> None:
        """Orders keep what they have of it. Raises AddressNotFound."""
        await self._addresses.hold(user_id)
        entry = await self.get(user_id, address_id)
        was_default = entry.is_default
        await self._addresses.delete(entry)
        newest = await self._addresses.newest(user_id) if was_default else None
        if newest:
            await self._addresses.make_default(newest)

    async def _make_default(self, user_id: int, entry: SavedAddress) -> None:
        if not entry.is_default:
            await self._addresses.no_default(user_id)
            await self._addresses.make_default(entry)
