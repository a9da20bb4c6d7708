"""A basket as pages see it: that of a reader is in the database, that of a guest in a cookie until they sign in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.cart.errors import BookOutOfStock, CartFull, ItemDuplicate
from app.cart.service import CartService
from app.catalog.errors import BookNotFound
from app.catalog.models import Book
from app.catalog.shelves import Shelves
from app.core.money import line_total
from app.core.values import INT_MAX
from app.web.visitor import MAX_GUEST_LINES, Visitor

NAMED, NAME_LENGTH = 3, 60


class GuestBasketFull(CartFull):
    """A guest's basket has as many lines as a cookie holds."""

    sentence = "A basket holds {limit} titles until you sign in."


@dataclass(slots=True)
class LeftOut:
    """The books of a guest's basket that did not get into that of their account, by the reason."""

    full: list[int] = field(default_factory=list)
    sold_out: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BasketLine:
    """A book in the basket as it is now. `price_before` is what it cost when the visitor last looked, if other."""

    book: Book
    quantity: int
    price_before: Decimal | None

    @property
    def unit_price(self) -> Decimal:
        return self.book.price

    @property
    def tax_category(self) -> str:
        return self.book.tax_category

    @property
    def weight_grams(self) -> int | None:
        return self.book.weight_grams

    @property
    def total(self) -> Decimal:
        return line_total(self.unit_price, self.quantity)

    @property
    def short(self) -> bool:
        """Whether it asks for more copies than there are."""
        return self.quantity > self.book.stock_quantity


class Basket:
    """The basket of a visitor, whoever they are."""

    def __init__(self, visitor: Visitor, carts: CartService, shelves: Shelves) -> None:
        self._visitor = visitor
        self._carts = carts
        self._shelves = shelves

    async def is_over(self) -> bool:
        """Whether it is from a time when baskets could hold more lines than now; then `lines` are not all of them."""
        caller = self._visitor.caller
        return caller is not None and await self._carts.is_over(caller.id)

    async def lines(self) -> list[BasketLine]:
        """In order of adding; the prices count as seen. Books that have gone are dropped from a guest's basket."""
        wanted = await self._quantities()
        books = await self._shelves.named(list(wanted))
        if self._visitor.caller is None:
            self._keep({book.id: wanted[book.id] for book in books})
        seen = self._visitor.prices_seen
        lines = [BasketLine(book, wanted[book.id], _other(seen.get(book.id), book.price)) for book in books]
        self._visitor.prices_seen = {book.id: str(book.price) for book in books}
        return lines

    async def add(self, book_id: int, quantity: int) -> None:
        """Add copies; what is there already grows.

        Raises:
            BookNotFound, BookOutOfStock, CartFull: as for the API; a guest's basket is full earlier.
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
        books = await self._shelves.named([book_id])
        if not books:
            raise BookNotFound
        if books[0].stock_quantity == 0:
            raise BookOutOfStock
        held = self._visitor.guest_basket
        most = min(MAX_GUEST_LINES, self._visitor.max_cart_lines)
        if book_id not in held and len(held) >= most:
            raise GuestBasketFull(most)
        self._keep(held | {book_id: min(held.get(book_id, 0) + quantity, INT_MAX)})

    async def set(self, book_id: int, quantity: int) -> None:
        """So many copies of a book that is in the basket; 0 takes it out. A book that is not there stays out."""
        caller = self._visitor.caller
        if caller is None:
            held = self._visitor.guest_basket
            changed = held | {book_id: quantity} if book_id in held else held
            self._keep({book: copies for book, copies in changed.items() if copies})
            return
        line = await self._carts.line_of_book(caller.id, book_id)
        if line and quantity:
            await self._carts.change(caller.id, line.id, quantity)
        elif line:
            await self._carts.remove(caller.id, line.id)
        self._visitor.basket_count = await self._carts.count(caller.id)

    async def hand_over(self, user_id: int) -> list[str]:
        """Put what a guest collected into the basket of their account; of a title in both, the larger number.

        What did not get in is told, in sentences for the reader.
        """
        left = LeftOut()
        for book_id, quantity in self._visitor.guest_basket.items():
            try:
                await self._carts.add(user_id, book_id, quantity)
            except ItemDuplicate as there:
                await self._carts.change(user_id, there.item_id, max(there.quantity, quantity))
            except CartFull:
                left.full.append(book_id)
            except BookOutOfStock:
                left.sold_out.append(book_id)
            except BookNotFound:
                left.gone.append(book_id)
        return await self._sentences(left)

    async def _sentences(self, left: LeftOut) -> list[str]:
        said = []
        if left.full:
            most, names = self._visitor.max_cart_lines, await self._names(left.full)
            said.append(f"Your basket holds {most} titles at most. Left out of it: {names}.")
        if left.sold_out:
            said.append(
                f"Sold out since you chose it, and left out of your basket: {await self._names(left.sold_out)}."
            )
        if left.gone:
            books = "A book" if len(left.gone) == 1 else f"{len(left.gone)} books"
            said.append(f"{books} of your basket can no longer be bought, and had to be left out.")
        return said

    async def _names(self, book_ids: Sequence[int]) -> str:
        """Some of the titles, none of them long, and how many others there are."""
        books = await self._shelves.named(book_ids[:NAMED])
        named = ", ".join(f"“{_short(book.title)}”" for book in books)
        others = len(book_ids) - len(books)
        return f"{named} and {others} more" if others else named

    async def _quantities(self) -> Mapping[int, int]:
        caller = self._visitor.caller
        if caller is None:
            return self._visitor.guest_basket
        return {line.book_id: line.quantity for line in await self._carts.lines(caller.id)}

    def _keep(self, basket: dict[int, int]) -> None:
        self._visitor.guest_basket = basket
        self._visitor.basket_count = sum(basket.values())


def _short(title: str) -> str:
    return title if len(title) <= NAME_LENGTH else f"{title[: NAME_LENGTH - 1]}…"


def _other(seen: str | None, price: Decimal) -> Decimal | None:
    before = None if seen is None else Decimal(seen)
    return None if before == price else before
