"""Who waits for which sold-out book."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey, Timestamp, stored_by_value


class PreBookStatus(StrEnum):
    """`waiting` until a restock notifies or the user cancels."""

    WAITING = "waiting"
    NOTIFIED = "notified"
    CANCELLED = "cancelled"


class PreBooking(Base):
    """A user's wish to be told when a book is back; one waiting row a user and book."""

    __tablename__ = "pre_bookings"
    __table_args__ = (
        Index(
            "uq_pre_bookings_user_id_book_id_waiting",
            "user_id",
            "book_id",
            unique=True,
            postgresql_where=text("status = 'waiting'::prebookstatus"),
        ),
        Index("ix_pre_bookings_user_id_created_at_id", "user_id", "created_at", "id"),
        Index(
            "ix_pre_bookings_book_id_waiting", "book_id", postgresql_where=text("status = 'waiting'::prebookstatus")
        ),
    )

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), index=True)
    status: Mapped[PreBookStatus] = mapped_column(
        Enum(PreBookStatus, name="prebookstatus", values_callable=stored_by_value),
        default=PreBookStatus.WAITING,
        server_default=PreBookStatus.WAITING.value,
    )
    created_at: Mapped[CreatedAt]
    notified_at: Mapped[Timestamp | None]
    cancelled_at: Mapped[Timestamp | None]


@dataclass(frozen=True, slots=True)
class BookedTitle:
    """A pre-booking with what its reader knows the book by."""

    id: int
    book_id: int
    book_title: str
    book_author: str
    status: PreBookStatus
    created_at: datetime
    notified_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class AwaitedBook:
    """A book as it stands under the lock of its row."""

    title: str
    author: str
    stock_quantity: int


@dataclass(frozen=True, slots=True)
class Waiter:
    """An active user to be told that a book is back."""

    user_id: int
    email: str
    wants_mail: bool
    book_id: int
    title: str
