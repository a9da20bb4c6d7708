"""The SQL of pre-bookings."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.prebookings.models import PreBooking, PreBookStatus


async def notify(session: AsyncSession, book_id: int) -> list[tuple[int, str]]:
    """Turn all who wait for the book into notified; id and address of those who are active and want mail, by id."""
    waiting = (PreBooking.book_id == book_id, PreBooking.status == PreBookStatus.WAITING)
    told = (
        update(PreBooking)
        .where(*waiting)
        .values(status=PreBookStatus.NOTIFIED, notified_at=func.now())
        .returning(PreBooking.user_id)
        .execution_options(synchronize_session=False)
        .cte("told")
    )
    query = select(User.id, User.email).join(told, told.c.user_id == User.id)
    mailed = query.where(User.is_active, User.restock_mails).order_by(User.id)
    return [(user_id, email) for user_id, email in await session.execute(mailed)]
