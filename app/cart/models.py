"""The basket: one cart a user, or one a token for guests; one line a book."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self, TypeAlias

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey, Timestamp


class Cart(Base):
    """The one cart of a user, or a guest's; its row is what checkout locks first, and it stays when the lines go.

    Of a guest's token only the digest is kept. `checkout_number` counts the orders made of the cart: each filling of
    it has one and becomes one order at most. `last_used_at` tells when a guest last changed the cart.
    """

    __tablename__ = "carts"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, token_digest) = 1", name="one_owner"),
        Index("ix_carts_last_used_at_guests", "last_used_at", postgresql_where=text("token_digest IS NOT NULL")),
    )

    id: Mapped[IntKey]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    token_digest: Mapped[bytes | None] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    last_used_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
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
class CartOwner:
    """Whose cart it is: an account's, or that of whoever has the token with this digest."""

    user_id: int | None = None
    token_digest: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.user_id is None) == (self.token_digest is None):
            raise AssertionError("a cart belongs to an account or to a guest")

    @classmethod
    def of(cls, owner: "AnyOwner") -> Self:
        """The owner; a number is the id of an account."""
        return cls(owner) if isinstance(owner, int) else cls(owner.user_id, owner.token_digest)

    @classmethod
    def guest(cls, token: str) -> Self:
        """Whoever has that token, whether or not there is such a cart."""
        return cls(token_digest=hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())

    @property
    def is_guest(self) -> bool:
        return self.token_digest is not None


AnyOwner: TypeAlias = CartOwner | int
"""An owner, or the id of an account."""


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

    `id` is 0 where an account has no cart, and so no lines.
    """

    id: int
    checkout_number: int
    lines: list[CartLine]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The ids of books that did not get into a cart: it was full, or they are not sold any more."""

    full: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
