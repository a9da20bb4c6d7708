"""Cancelling an order: copies go back to stock, the money to the buyer, and those who wait for a book are told."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.deps import Caller
from app.notifications.outbox import Outbox
from app.orders.service import OrderService
from app.prebookings.service import notify_waiting


class CancellationService:
    """Cancellations in the transaction of a session."""

    def __init__(self, session: AsyncSession, orders: OrderService, outbox: Outbox) -> None:
        self._session = session
        self._orders = orders
        self._outbox = outbox

    async def cancel(
        self, order_id: int, actor: Caller, *, reason: str | None = None, within: timedelta | None = None
    ) -> None:
        """Cancel, once however often it is asked. `within` and the errors are those of `OrderService.cancel`."""
        for book in await self._orders.cancel(order_id, actor, reason=reason, within=within):
            if book.before == 0:
                await notify_waiting(self._session, self._outbox, book.book_id, book.title)
