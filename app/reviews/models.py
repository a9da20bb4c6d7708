"""Reviews; triggers keep whether they count, and carry their figures to the book."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, literal_column, text, true
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import UserRole
from app.accounts.names import shown_name
from app.core.db.base import Base, CreatedAt, IntKey, Timestamp

_LIVE = text("deleted_at IS NULL")


class Review(Base):
    """A rating of 1 to 5 with an optional text; deletion is soft.

    `counts` is false when every purchase of the book by its author was undone; triggers on reviews, orders and their
    lines keep it, and nothing else writes it.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_range"),
        Index(
            "uq_reviews_user_id_book_id_live",
            "user_id",
            "book_id",
            unique=True,
            postgresql_where=_LIVE,
        ),
        # With these in the index, even a deep page of a book is found without a look at the rows before it.
        Index(
            "ix_reviews_book_id_created_at_id",
            "book_id",
            "created_at",
            "id",
            postgresql_include=["deleted_at", "counts"],
        ),
        Index("ix_reviews_created_at_id_live", "created_at", "id", postgresql_where=_LIVE),
        Index("ix_reviews_rating_id_live", "rating", "id", postgresql_where=_LIVE),
        Index("ix_reviews_rating_id_desc_live", "rating", literal_column("id DESC"), postgresql_where=_LIVE),
    )

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"))
    rating: Mapped[int]
    text: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt] = mapped_column(onupdate=func.now())
    deleted_at: Mapped[Timestamp | None]
    counts: Mapped[bool] = mapped_column(default=True, server_default=true())


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """A review with its author and its book; `display_name` as its row says, None when the author chose none.

    `counts`: readers see it in the list of the book, and the figures of the book hold it.
    """

    id: int
    rating: int
    text: str | None
    created_at: datetime
    updated_at: datetime
    user_id: int
    display_name: str | None
    role: UserRole
    book_id: int
    title: str
    counts: bool

    @property
    def author_name(self) -> str:
        """The author's name as others see it."""
        return shown_name(self.user_id, self.display_name, is_staff=self.role is UserRole.ADMIN)


@dataclass(frozen=True, slots=True)
class ReviewDetails(ReviewEntry):
    """A review as it is shown to readers. `verified_purchase`: its author bought the book, as of now."""

    cover_image_url: str | None
    verified_purchase: bool


@dataclass(frozen=True, slots=True)
class ReviewEligibility:
    """What decides whether a user may review a book; `review_id` is that of the user's review, if there is one."""

    book_exists: bool
    review_id: int | None
    purchased: bool


@dataclass(frozen=True, slots=True)
class RemovedReview:
    """What a review said when it was deleted."""

    id: int
    user_id: int
    book_id: int
    rating: int
    text: str | None


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Conditions that all hold; None is no condition. Ratings inclusive."""

    book_id: int | None = None
    user_id: int | None = None
    rating_min: int | None = None
    rating_max: int | None = None
