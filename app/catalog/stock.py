"""The stock ledger: every change of stock under the lock of the book row, each with its movement."""

from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalog.errors import BookNotFound, StockOutOfRange
from app.catalog.models import Book, StockMovement
from app.catalog.rules import fits_stock, is_restock


@dataclass(frozen=True, slots=True)
class StockChange:
    """A book after its stock was set or adjusted; `movement` is None when it had that stock already."""

    book: Book
    before: int
    movement: StockMovement | None

    @property
    def back_in_stock(self) -> bool:
        """Whether those who wait for the book are to be told."""
        return is_restock(self.before, self.book.stock_quantity)


class StockService:
    """Stock in the transaction of a session. The book row stays locked until the transaction ends."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def set(self, book_id: int, quantity: int, reason: str | None, actor_id: int) -> StockChange:
        """Set the absolute stock.

        Raises:
            BookNotFound: there is no such book.
        """
        before = await self._lock(book_id)
        if before == quantity:
            return StockChange(await self._book(book_id), before, None)
        return await self._move(book_id, before, quantity - before, "set", reason, actor_id)

    async def adjust(self, book_id: int, delta: int, kind: str, reason: str, actor_id: int) -> StockChange:
        """Change the stock by `delta` copies, which is not 0.

        Raises:
            BookNotFound: there is no such book.
            StockOutOfRange: the stock would leave its bounds.
        """
        before = await self._lock(book_id)
        if not fits_stock(before + delta):
            raise StockOutOfRange(before)
        return await self._move(book_id, before, delta, kind, reason, actor_id)

    async def remove(self, book_id: int, actor_id: int) -> None:
        """Close the ledger of a book that is about to be deleted: what is left goes. The stock itself stays.

        Raises:
            BookNotFound: there is no such book.
        """
        left = await self._lock(book_id)
        if left:
            await self._record(await self._book(book_id), -left, 0, "removal", None, actor_id)

    async def movements(self, book_id: int, offset: int, limit: int) -> tuple[int, list[StockMovement]]:
        """The number of a book's movements and some of them, the newest first.

        Raises:
            BookNotFound: there is no such book.
        """
        total = func.count(StockMovement.id)
        counted = select(total).select_from(Book).outerjoin(StockMovement)
        count = await self._session.scalar(counted.where(Book.id == book_id).group_by(Book.id))
        if count is None:
            raise BookNotFound
        listed = select(StockMovement).where(StockMovement.book_id == book_id).order_by(StockMovement.id.desc())
        return count, list(await self._session.scalars(listed.offset(offset).limit(limit)))

    async def scarce(self, threshold: int, offset: int, limit: int) -> tuple[int, list[Book]]:
        """How many books have that stock or less, and some of them, the least first, then by id."""
        few = Book.stock_quantity <= threshold
        count = await self._session.scalar(select(func.count()).select_from(Book).where(few))
        listed = select(Book).where(few).order_by(Book.stock_quantity, Book.id).offset(offset).limit(limit)
        return count or 0, list(await self._session.scalars(listed))

    async def _lock(self, book_id: int) -> int:
        """The copies on hand, read in the statement that locks."""
        query = select(Book.stock_quantity).where(Book.id == book_id).with_for_update()
        quantity = await self._session.scalar(query)
        if quantity is None:
            raise BookNotFound
        return quantity

    async def _book(self, book_id: int) -> Book:
        query = select(Book).where(Book.id == book_id).execution_options(populate_existing=True)
        return (await self._session.scalars(query)).one()

    async def _move(
        self, book_id: int, before: int, delta: int, kind: str, reason: str | None, actor_id: int
    ) -> StockChange:
        change = update(Book).where(Book.id == book_id).values(stock_quantity=Book.stock_quantity + delta)
        result = await self._session.scalars(
            change.returning(Book), execution_options={"populate_existing": True, "synchronize_session": False}
        )
        book = result.one()
        movement = await self._record(book, delta, book.stock_quantity, kind, reason, actor_id)
        return StockChange(book, before, movement)

    async def _record(
        self, book: Book, delta: int, quantity_after: int, kind: str, reason: str | None, actor_id: int
    ) -> StockMovement:
        row = insert(StockMovement).values(
            book_id=book.id,
            book_title=book.title,
            delta=delta,
            quantity_after=quantity_after,
            kind=kind,
            reason=reason,
            actor_user_id=actor_id,
        )
        return (await self._session.scalars(row.returning(StockMovement))).one()
