"""Books a user means to come back for."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey


class WishlistItem(Base):
    """A book on a user's wishlist, at most once."""

    __tablename__ = "wishlist_items"
    __table_args__ = (UniqueConstraint("user_id", "book_id"),)

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), index=True)
    added_at: Mapped[CreatedAt]
