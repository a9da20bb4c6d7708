"""Restocking: a change of stock, and word to those who wait for the book."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit.service import record
from app.catalog.importer import Restocked
from app.catalog.models import Book, StockMovement
from app.catalog.stock import StockChange, StockService
from app.core.db.borrowed import session_within
from app.mail.outbox import Outbox
from app.prebookings.service import notify_waiting


class RestockService:
    """Stock changes by staff, in the transaction of a session."""

    def __init__(self, session: AsyncSession, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox
        self._stock = StockService(session)

    async def set_stock(self, book_id: int, quantity: int, reason: str | None, actor: Caller) -> Book:
        """The book with its new absolute stock. Raises BookNotFound."""
        change = await self._stock.set(book_id, quantity, reason, actor.id)
        await self._follow_up("book.stock_set", change, actor)
        return change.book

    async def adjust_stock(
        self, book_id: int, delta: int, kind: str, reason: str, actor: Caller
    ) -> StockMovement | None:
        """The movement of an adjustment by `delta` copies. Raises BookNotFound and StockOutOfRange."""
        change = await self._stock.adjust(book_id, delta, kind, reason, actor.id)
        await self._follow_up("book.stock_adjusted", change, actor)
        return change.movement

    async def _follow_up(self, action: str, change: StockChange, actor: Caller) -> None:
        book, movement = change.book, change.movement
        if movement is None:
            return
        before = {"stock_quantity": change.before}
        after = {"stock_quantity": book.stock_quantity, "kind": movement.kind, "reason": movement.reason}
        await record(self._session, actor, action, book.id, before=before, after=after)
        if change.back_in_stock:
            await notify_waiting(self._session, self._outbox, [book.id])


def tells_waiting(outbox: Outbox) -> Restocked:
    """For an import: what tells those who wait, in the transaction of the batch that brings the copies."""

    async def tell(connection: asyncpg.Connection, book_ids: Sequence[int]) -> None:
        async with session_within(connection) as session:
            await notify_waiting(session, outbox, book_ids)

    return tell
