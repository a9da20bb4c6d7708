"""Cancelling an order: copies go back to stock, the money to the buyer, and whom it concerns is told."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit.service import record
from app.mail.links import order_page
from app.mail.notices import NewNotice, post
from app.mail.outbox import Outbox
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
        """Cancel, once however often it is asked. `within` and the errors are those of `OrderService.cancel`.

        Those who wait for a book that is back are told, and the buyer when it was not they who asked.
        """
        cancelled = await self._orders.cancel(order_id, actor, reason=reason, within=within)
        if cancelled is None:
            return
        if back := [book.book_id for book in cancelled.restocked if book.before == 0]:
            await notify_waiting(self._session, self._outbox, back)
        if within is None:
            before, after = {"status": "confirmed"}, {"status": "cancelled", "reason": reason}
            await record(self._session, actor, "order.cancelled", order_id, before=before, after=after)
            if cancelled.user_id is not None:
                title, body = f"Your order {cancelled.number} was cancelled", f"The reason: {reason}"
                notice = NewNotice(cancelled.user_id, "order_cancelled", title, body, order_page(order_id))
                await post(self._session, notice)
