"""The basket: one cart a user, one line a book."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey


class Cart(Base):
    """The one cart of a user; its row is what checkout locks first, and it stays when the lines go.

    `checkout_number` counts the orders made of it: each filling of the cart has one and becomes one order at most.
    """

    __tablename__ = "carts"

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    created_at: Mapped[CreatedAt]
    checkout_number: Mapped[int] = mapped_column(default=0, server_default="0")


class CartItem(Base):
    """A line of a cart. Prices are not kept here: the cart shows the price of the moment."""

    __tablename__ = "cart_items"
    __table_args__ = (
        UniqueConstraint("cart_id", "book_id"),
        CheckConstraint("quantity >= 1", name="quantity_positive"),
    )

    id: Mapped[IntKey]
    cart_id: Mapped[int] = mapped_column(ForeignKey("carts.id", ondelete="CASCADE"))
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    added_at: Mapped[CreatedAt]


@dataclass(frozen=True, slots=True)
class CartLine:
    """A line with what its book says now. `price` in major units of the shop's currency."""

    id: int
    book_id: int
    quantity: int
    title: str
    author: str
    price: Decimal
    cover_image_url: str | None


@dataclass(frozen=True, slots=True)
class LockedCart:
    """A cart whose row is locked by this transaction, with the lines that were read under the lock.

    `id` is 0 where the user has no cart, and so no lines.
    """

    id: int
    checkout_number: int
    lines: list[CartLine]
