"""A basket as pages see it: that of a reader is in the database, that of a guest in a cookie until they sign in."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.errors import BookOutOfStock, ItemDuplicate
from app.cart.service import CartService
from app.catalog.errors import BookNotFound
from app.catalog.models import Book
from app.catalog.shelves import Shelves
from app.core.errors import DomainError
from app.core.values import INT_MAX
from app.web.visitor import MAX_GUEST_LINES, Visitor


class BasketFull(DomainError):
    """A guest's basket has as many lines as a cookie holds."""

    code = "CART_ITEM_DUPLICATE"
    detail = f"A basket holds {MAX_GUEST_LINES} titles until you sign in."


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A book in the basket as it is now. `price_before` is what it cost when the visitor last looked, if other."""

    book: Book
    quantity: int
    price_before: Decimal | None

    @property
    def total(self) -> Decimal:
        return self.book.price * self.quantity

    @property
    def short(self) -> bool:
        """Whether it asks for more copies than there are."""
        return self.quantity > self.book.stock_quantity


class Basket:
    """The basket of a visitor, whoever they are."""

    def __init__(self, session: AsyncSession, visitor: Visitor) -> None:
        self._session = session
        self._visitor = visitor
        self._carts = CartService(session)

    async def lines(self) -> list[BasketLine]:
        """In order of adding; the prices count as seen. Books that have gone are dropped from a guest's basket."""
        wanted = await self._quantities()
        books = await Shelves(self._session).named(list(wanted))
        if self._visitor.caller is None:
            self._keep({book.id: wanted[book.id] for book in books})
        seen = self._visitor.prices_seen
        lines = [BasketLine(book, wanted[book.id], _other(seen.get(book.id), book.price)) for book in books]
        self._visitor.prices_seen = {book.id: str(book.price) for book in books}
        return lines

    async def add(self, book_id: int, quantity: int) -> None:
        """Add copies; what is there already grows.

        Raises:
            BookNotFound, BookOutOfStock: as for the API.
            BasketFull: a guest's basket cannot hold another title.
        """
        caller = self._visitor.caller
        if caller is None:
            await self._add_as_guest(book_id, quantity)
            return
        try:
            await self._carts.add(caller.id, book_id, quantity)
        except ItemDuplicate as there:
            await self._carts.change(caller.id, there.item_id, min(there.quantity + quantity, INT_MAX))
        self._visitor.basket_count = await self._carts.count(caller.id)

    async def _add_as_guest(self, book_id: int, quantity: int) -> None:
        books = await Shelves(self._session).named([book_id])
        if not books:
            raise BookNotFound
        if books[0].stock_quantity == 0:
            raise BookOutOfStock
        held = self._visitor.guest_basket
        if book_id not in held and len(held) >= MAX_GUEST_LINES:
            raise BasketFull
        self._keep(held | {book_id: min(held.get(book_id, 0) + quantity, INT_MAX)})

    async def set(self, book_id: int, quantity: int) -> None:
        """So many copies of a book that is in the basket; 0 takes it out. A book that is not there stays out."""
        caller = self._visitor.caller
        if caller is None:
            held = self._visitor.guest_basket
            changed = held | {book_id: quantity} if book_id in held else held
            self._keep({book: copies for book, copies in changed.items() if copies})
            return
        line = next((line for line in await self._carts.lines(caller.id) if line.book_id == book_id), None)
        if line and quantity:
            await self._carts.change(caller.id, line.id, quantity)
        elif line:
            await self._carts.remove(caller.id, line.id)
        self._visitor.basket_count = await self._carts.count(caller.id)

    async def hand_over(self, user_id: int) -> None:
        """Put what a guest collected into the basket of their account; of a title in both, the larger number."""
        for book_id, quantity in self._visitor.guest_basket.items():
            try:
                await self._carts.add(user_id, book_id, quantity)
            except ItemDuplicate as there:
                await self._carts.change(user_id, there.item_id, max(there.quantity, quantity))
            except (BookNotFound, BookOutOfStock):
                continue

    async def _quantities(self) -> Mapping[int, int]:
        caller = self._visitor.caller
        if caller is None:
            return self._visitor.guest_basket
        return {line.book_id: line.quantity for line in await self._carts.lines(caller.id)}

    def _keep(self, basket: dict[int, int]) -> None:
        self._visitor.guest_basket = basket
        self._visitor.basket_count = sum(basket.values())


def _other(seen: str | None, price: Decimal) -> Decimal | None:
    before = None if seen is None else Decimal(seen)
    return None if before == price else before


def total(lines: list[BasketLine]) -> Decimal:
    """Σ price × quantity, in major units."""
    return sum((line.total for line in lines), start=Decimal("0.00"))
