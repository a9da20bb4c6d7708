"""What sells best: counted now and then, shown often."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.parts import Part
from app.orders.models import Order, OrderItem, OrderStatus

WINDOW = timedelta(days=30)
FRESH_SECONDS = 300
BEST_SELLERS_COMPUTED = 24


@dataclass
class BestSellers:
    """The ids of the books that sold the most copies in the last 30 days: counted every five minutes by a process."""

    _ids: list[int] = field(default_factory=list)
    _until: float = 0

    async def ids(self, session: AsyncSession, limit: int) -> list[int]:
        """Up to `limit` (at most 24) ids, the best first."""
        if time.monotonic() >= self._until:
            self._ids = await _count(session)
            self._until = time.monotonic() + FRESH_SECONDS
        return self._ids[:limit]


BEST_SELLERS = Part[BestSellers]("best_sellers")


async def _count(session: AsyncSession) -> list[int]:
    copies = func.sum(OrderItem.quantity)
    query = (
        select(OrderItem.book_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.created_at >= func.now() - WINDOW, Order.status == OrderStatus.CONFIRMED)
        .where(OrderItem.book_id.is_not(None))
        .group_by(OrderItem.book_id)
        .order_by(copies.desc(), OrderItem.book_id)
        .limit(BEST_SELLERS_COMPUTED)
    )
    return [book_id for book_id in await session.scalars(query) if book_id is not None]


_ADD_UP = text("""
    WITH gone AS (
        DELETE FROM sales_counters
        WHERE hour IN (SELECT hour FROM sales_counters GROUP BY hour HAVING count(*) > 1)
        RETURNING hour, orders, copies, revenue
    ), kept AS (
        INSERT INTO sales_counters (hour, orders, copies, revenue)
        SELECT hour, sum(orders), sum(copies), sum(revenue) FROM gone GROUP BY hour
    )
    SELECT count(*) FROM gone
""")


async def merge_sales_counters(session: AsyncSession) -> int:
    """Turn the counters of an hour into one; how many there were, 0 where each hour has one already."""
    added_up: int = (await session.execute(_ADD_UP)).scalar_one()
    return added_up
