"""Pre-bookings: who waits for a sold-out book, and word to them when it is back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.errors import BookNotFound
from app.core.config import Settings
from app.core.paging import Page, Position
from app.jobs.wake import wake_once_committed
from app.mail.links import book_page
from app.mail.models import OutboxMail
from app.mail.notices import NewNotice, post
from app.mail.outbox import MAIL, Outbox
from app.prebookings.errors import (
    AlreadyCancelled,
    AlreadyWaiting,
    BookInStock,
    PreBookingNotFound,
    WaitingForTooMany,
)
from app.prebookings.models import BookedTitle, Waiter
from app.prebookings.repository import PreBookingRepository

TOLD_AT_ONCE = 50
"""Of the mails of a restock so many are written in one go: in between, the process serves others."""


@dataclass(frozen=True, slots=True)
class PreBookingBounds:
    """How many books a user may wait for, and how many pre-bookings that are over are kept."""

    waiting: int
    past: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.max_waiting_prebookings, settings.max_past_prebookings)


class PreBookingService:
    """Pre-bookings in the transaction of a session."""

    def __init__(self, session: AsyncSession, bounds: PreBookingBounds) -> None:
        self._bookings = PreBookingRepository(session)
        self._bounds = bounds

    async def page(self, user_id: int, limit: int | None = None, after: Position | None = None) -> Page[BookedTitle]:
        """A page of the user's pre-bookings in all states, the newest first. Without `limit` as many as may be kept.

        Who had more of them before they were bounded has more pages.
        """
        limit = limit or self._bounds.waiting + self._bounds.past
        total, found = await self._bookings.page(user_id, limit + 1, after)
        return Page(found[:limit], total, more=len(found) > limit)

    async def count_waiting(self, user_id: int) -> int:
        """How many books the user waits for."""
        return await self._bookings.count_waiting(user_id)

    async def add(self, user_id: int, book_id: int) -> BookedTitle:
        """Wait for a sold-out book. On return its row is locked, so no restock misses the booking.

        Raises:
            BookNotFound, BookInStock, AlreadyWaiting, WaitingForTooMany: in this order.
        """
        book = await self._bookings.lock_book(user_id, book_id)
        if book is None:
            raise BookNotFound
        if book.stock_quantity > 0:
            raise BookInStock
        most, past = self._bounds.waiting, self._bounds.past
        booking = await self._bookings.add(user_id, book_id, book, most=most, past=past)
        if booking is None:
            is_waiting = await self._bookings.waiting_id(user_id, book_id) is not None
            raise AlreadyWaiting if is_waiting else WaitingForTooMany(most)
        return booking

    async def waiting_id(self, user_id: int, book_id: int) -> int | None:
        """The id of the pre-booking under which the user waits for the book, if there is one."""
        return await self._bookings.waiting_id(user_id, book_id)

    async def cancel(self, user_id: int, prebook_id: int) -> None:
        """Cancel a pre-booking, be it waiting or notified. Raises PreBookingNotFound and AlreadyCancelled."""
        if await self._bookings.cancel(user_id, prebook_id):
            return
        if await self._bookings.exists(user_id, prebook_id):
            raise AlreadyCancelled
        raise PreBookingNotFound


async def notify_waiting(session: AsyncSession, outbox: Outbox, book_ids: Sequence[int]) -> None:
    """Every waiting pre-booking of these books becomes notified; active users get a notice, and a mail if they like.

    Call it where a stock went from 0 to above 0, with the book rows locked, so that no pre-booking slips in unseen.
    """
    waiters = await PreBookingRepository(session).notify(book_ids)
    for first in range(0, len(waiters), TOLD_AT_ONCE):
        some = waiters[first : first + TOLD_AT_ONCE]
        if mails := [_mail(outbox, waiter) for waiter in some if waiter.wants_mail]:
            await session.execute(insert(OutboxMail), mails)
            wake_once_committed(session, MAIL)
        await post(session, *map(_notice, some))


def _title(waiter: Waiter) -> str:
    return f"'{waiter.title}' is back in stock"


def _mail(outbox: Outbox, waiter: Waiter) -> dict[str, str | int | None]:
    path = book_page(waiter.book_id)
    return outbox.row("restock", waiter.email, _title(waiter), user_id=waiter.user_id, title=waiter.title, path=path)


def _notice(waiter: Waiter) -> NewNotice:
    body = "You asked to be told. Copies are not reserved, so come soon."
    return NewNotice(waiter.user_id, "restock", _title(waiter), body, book_page(waiter.book_id))
