"""A basket as pages see it: a reader's belongs to the account, a guest's to the browser until they sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from app.cart.deps import GuestCarts
from app.cart.errors import CartTokenUnknown, ItemDuplicate
from app.cart.models import CartOwner, LeftOut
from app.cart.service import CartService
from app.catalog.models import Book
from app.catalog.shelves import Shelves
from app.core.db.transaction import once_committed, release
from app.core.money import line_total
from app.core.values import INT_MAX
from app.web.visitor import Visitor

NAMED, NAME_LENGTH = 3, 60


class BasketGone(CartTokenUnknown):
    """The guest's basket went while the page was open."""

    detail = (
        "The basket of this page is no longer there: it moved to your account when you signed in, or was not used"
        " for 90 days. Please add the book once more."
    )


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

    def __init__(
        self,
        session: AsyncSession,
        visitor: Visitor,
        carts: CartService,
        shelves: Shelves,
        opening: GuestCarts | None = None,
    ) -> None:
        self._session = session
        self._visitor = visitor
        self._carts = carts
        self._shelves = shelves
        self._opening = opening

    async def is_over(self) -> bool:
        """Whether it is from a time when baskets could hold more lines than now; then `lines` are not all of them."""
        owner = self._owner()
        return owner is not None and await self._carts.is_over(owner)

    async def lines(self) -> list[BasketLine]:
        """In order of adding; the prices count as seen."""
        await self._settle()
        owner = self._owner()
        held = await self._carts.lines(owner) if owner else []
        wanted = {line.book_id: line.quantity for line in held}
        books = await self._shelves.named(list(wanted))
        seen = self._visitor.prices_seen
        lines = [BasketLine(book, wanted[book.id], _other(seen.get(book.id), book.price)) for book in books]
        self._visitor.prices_seen = {book.id: str(book.price) for book in books}
        return lines

    async def add(self, book_id: int, quantity: int) -> None:
        """Add copies; what is there already grows. A guest's basket is made with its first book.

        Raises:
            BookNotFound, BookOutOfStock, CartFull: as for the API.
            BasketGone: the guest's basket went while the page was open.
            RateLimited: this client opened too many baskets.
        """
        if self._visitor.cart_is_gone:
            raise BasketGone
        await self._settle()
        owner, opens = self._owner(), False
        if owner is None:
            await self._count_opening()
            owner, opens = CartOwner.guest(self._visitor.cart_token), True
        try:
            await self._carts.add(owner, book_id, quantity, opens=opens)
        except ItemDuplicate as there:
            await self._carts.change(owner, there.item_id, min(there.quantity + quantity, INT_MAX))
        except CartTokenUnknown as error:
            raise BasketGone from error
        if opens:
            once_committed(self._session, self._visitor.carry_cart)
        self._visitor.basket_count = await self._carts.count(owner)

    async def set(self, book_id: int, quantity: int) -> None:
        """So many copies of a book that is in the basket; 0 takes it out. A book that is not there stays out."""
        await self._settle()
        owner = self._owner()
        if owner is None:
            return
        line = await self._carts.line_of_book(owner, book_id)
        if line and quantity:
            await self._carts.change(owner, line.id, quantity)
        elif line:
            await self._carts.remove(owner, line.id)
        self._visitor.basket_count = await self._carts.count(owner)

    async def hand_over(self, user_id: int) -> list[str]:
        """Put what a guest collected into the basket of their account; of a title in both, the larger number.

        What did not get in is told, in sentences for the reader.
        """
        left = LeftOut(full=await self._carts.merge(self._visitor.cart_token, user_id))
        if self._visitor.old_basket:
            also = await self._carts.take_in(user_id, self._visitor.old_basket)
            left.full.extend(also.full)
            left.gone.extend(also.gone)
        return await self._sentences(left)

    def _owner(self) -> CartOwner | None:
        """Whose basket it is; None while a guest has none."""
        visitor = self._visitor
        if visitor.caller is not None:
            return CartOwner(visitor.caller.id)
        return CartOwner.guest(visitor.cart_token) if visitor.has_cart or visitor.old_basket else None

    async def _settle(self) -> None:
        """Take over what does not belong into the cookie: a guest's basket of an earlier release; that of a guest who
        has signed in meanwhile, such as a book that was added while the answer was under way.
        """
        visitor = self._visitor
        if visitor.caller is not None and (visitor.has_cart or visitor.old_basket):
            visitor.left_out = await self.hand_over(visitor.caller.id)
            visitor.basket_count = await self._carts.count(visitor.caller.id)
            once_committed(self._session, visitor.lay_down_cart)
        elif visitor.old_basket:
            if not visitor.has_cart:
                await self._count_opening()
            owner = CartOwner.guest(visitor.cart_token)
            visitor.left_out = await self._sentences(await self._carts.take_in(owner, visitor.old_basket))
            visitor.basket_count = await self._carts.count(owner)
            once_committed(self._session, visitor.carry_cart)

    async def _count_opening(self) -> None:
        """A basket is opened: nothing was written before, so the connection can be given back."""
        if self._opening:
            await release(self._session)
            await self._opening.count()

    async def _sentences(self, left: LeftOut) -> list[str]:
        said = []
        if left.full:
            most, names = self._visitor.max_cart_lines, await self._names(left.full)
            said.append(f"Your basket holds {most} titles at most. Left out of it: {names}.")
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


def _short(title: str) -> str:
    return title if len(title) <= NAME_LENGTH else f"{title[: NAME_LENGTH - 1]}…"


def _other(seen: str | None, price: Decimal) -> Decimal | None:
    before = None if seen is None else Decimal(seen)
    return None if before == price else before
