"""What confirmed orders come to in each hour, kept beside them: a report does not add up a month of orders.

Whoever writes orders or lines adds rows to `sales_counters` by trigger; now and then those of an hour are added up.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

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
