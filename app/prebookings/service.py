"""Pre-bookings: who waits for a sold-out book, and word to them when it is back."""

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.notifications.models import OutboxMail
from app.notifications.outbox import Outbox
from app.prebookings import repository


async def notify_waiting(session: AsyncSession, outbox: Outbox, book_id: int, title: str) -> None:
    """Every waiting pre-booking of the book becomes notified; each active user among them who wants mail gets one.

    The book row must be locked, so that no pre-booking slips in unseen.
    """
    recipients = await repository.notify(session, book_id)
    subject = f"'{title}' is back in stock"
    mails = [
        outbox.row("restock", email, subject, user_id=user_id, title=title, book_id=book_id)
        for user_id, email in recipients
    ]
    if mails:
        await session.execute(insert(OutboxMail), mails)
