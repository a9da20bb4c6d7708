"""Restocking: a change of stock, and word to those who wait for the book."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.models import Book, StockMovement
from app.catalog.stock import StockChange, StockService
from app.notifications.outbox import Outbox
from app.prebookings.service import notify_waiting


class RestockService:
    """Stock changes by staff, in the transaction of a session."""

    def __init__(self, session: AsyncSession, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox
        self._stock = StockService(session)

    async def set_stock(self, book_id: int, quantity: int, reason: str | None, actor_id: int) -> Book:
        """The book with its new absolute stock. Raises BookNotFound."""
        change = await self._stock.set(book_id, quantity, reason, actor_id)
        await self._tell_waiting(change)
        return change.book

    async def adjust_stock(
        self, book_id: int, delta: int, kind: str, reason: str, actor_id: int
    ) -> StockMovement | None:
        """The movement of an adjustment by `delta` copies. Raises BookNotFound and StockOutOfRange."""
        change = await self._stock.adjust(book_id, delta, kind, reason, actor_id)
        await self._tell_waiting(change)
        return change.movement

    async def _tell_waiting(self, change: StockChange) -> None:
        if change.back_in_stock:
            await notify_waiting(self._session, self._outbox, change.book.id, change.book.title)
