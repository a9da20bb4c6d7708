"""What tests of the staff's operations ask over and over."""

from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.users import UserService
from tests.support import Person, Shop

TODAY = "date_trunc('day', now(), 'UTC')"
WEEK = "date_trunc('week', now(), 'UTC')"
MONTH = "date_trunc('month', now(), 'UTC')"
MONTH_BEFORE = "date_trunc('month', now() - interval '1 month', 'UTC')"

Line = tuple[int | None, int, str]


async def order_at(shop: Shop, moment: str, *lines: Line, status: str = "confirmed") -> int:
    """The id of an order made at that moment (SQL), with lines of book, quantity and unit price; one of 10.00 if none."""
    insertion = f"""
        INSERT INTO orders (user_id, status, created_at)
        SELECT id, CAST(:status AS orderstatus), {moment} FROM users ORDER BY id LIMIT 1 RETURNING id
    """
    order = await shop.scalar(insertion, status=status)
    for book, quantity, price in lines or [(None, 1, "10.00")]:
        await shop.rows(
            "INSERT INTO order_items (order_id, book_id, quantity, unit_price) VALUES (:o, :b, :q, :p)",
            o=order,
            b=book,
            q=quantity,
            p=Decimal(price),
        )
    return order


async def asked(shop: Shop, admin: Person, path: str, **query: Any) -> Any:
    """The body of a GET, which must be 200."""
    answer = await shop.client.get(path, headers=admin.headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def trail(shop: Shop) -> list[Any]:
    """All audit rows, the oldest first."""
    return await shop.rows(
        "SELECT actor_user_id, actor_email, action, subject, subject_id, before, after FROM audit_events ORDER BY id"
    )


async def by_command(shop: Shop, change: str, email: str) -> Any:
    """`promote` or `demote` as the command does it."""

    async def work(session: AsyncSession) -> Any:
        return await getattr(UserService(session), change)(email)

    return await shop.app.state.database.transaction(work)
