"""Books a user means to come back for."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey


class WishlistItem(Base):
    """A book on a user's wishlist, at most once."""

    __tablename__ = "wishlist_items"
    __table_args__ = (
        UniqueConstraint("user_id", "book_id"),
        Index("ix_wishlist_items_user_id_added_at_id", "user_id", "added_at", "id"),
    )

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), index=True)
    added_at: Mapped[CreatedAt]


@dataclass(frozen=True, slots=True)
class WishedBook:
    """A book as it is sold now. `price` in major units of the shop's currency."""

    id: int
    title: str
    author: str
    price: Decimal
    stock_quantity: int
    cover_image_url: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """An entry of a wishlist with its book."""

    id: int
    added_at: datetime
    book: WishedBook
