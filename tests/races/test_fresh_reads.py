"""What a session read before a lock is not used after it, even when it still holds the object."""

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book
from app.catalog.stock import StockService
from app.orders.models import OrderStatus
from app.orders.repository import OrderRepository
from tests.orders.support import sold
from tests.support import Shop


async def test_an_order_is_locked_as_it_is_now(live: Shop, raw: asyncpg.Connection):
    """Seen to fail without `populate_existing`: the order was still confirmed."""
    order_id = (await sold(live, await live.person()))["id"]

    async def work(session: AsyncSession) -> OrderStatus:
        orders = OrderRepository(session)
        known = await orders.get_by_id(order_id)
        await raw.execute("UPDATE orders SET status = 'cancelled'")
        locked = await orders.lock(order_id)
        assert known
        assert locked
        return locked.status

    assert await live.app.state.database.transaction(work) is OrderStatus.CANCELLED


@pytest.mark.parametrize("quantity", [7, 5, 9])
async def test_stock_is_set_from_what_it_is_now(live: Shop, raw: asyncpg.Connection, quantity: int):
    """To the number it has meanwhile, to the one the session remembers, and to another.

    Seen to fail without `populate_existing`: the book came back with the stock from before.
    """
    book_id, admin = await live.book(stock_quantity=5), await live.admin()

    async def work(session: AsyncSession) -> tuple[int, int, int | None]:
        known = (await session.scalars(select(Book))).one()
        await raw.execute("UPDATE books SET stock_quantity = 7")
        change = await StockService(session).set(book_id, quantity, None, admin.id)
        assert change.book is known
        return change.before, change.book.stock_quantity, change.movement.delta if change.movement else None

    expected = (7, quantity, quantity - 7 or None)
    assert await live.app.state.database.transaction(work) == expected
