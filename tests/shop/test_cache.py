"""What a process remembers of the settings is what was committed."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.shop.service import SHOP, ShopService
from app.shop.settings import Identity
from tests.support import Shop


class Undone(Exception):
    """Raised to roll back."""


async def test_a_save_that_is_rolled_back_is_never_shown(shop: Shop):
    """Seen to fail ("Never") when a transaction that has saved fills the memory of the process."""
    known, database = SHOP.of(shop.app), shop.app.state.database

    async def undone(session: AsyncSession) -> None:
        await ShopService(session).save("identity", Identity(name="Never"), 0, None)
        assert (await known.settings(session)).name == "Never"
        raise Undone

    with pytest.raises(Undone):
        await database.transaction(undone)

    async def elsewhere(session: AsyncSession) -> None:
        await ShopService(session).save("identity", Identity(name="Ink & Paper"), 0, None)

    await database.transaction(elsewhere)
    assert (await database.transaction(known.settings)).name == "Ink & Paper"


async def test_a_value_that_this_release_does_not_know_is_no_fault(shop: Shop):
    await shop.rows("""INSERT INTO shop_settings VALUES ('selling', 1, '{"time_zone": "Mars/Olympus"}')""")
    assert (await shop.app.state.database.transaction(SHOP.of(shop.app).settings)).selling.time_zone == "UTC"
    assert (await shop.client.get("/shop")).status_code == 200
