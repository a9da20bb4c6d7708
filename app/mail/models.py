"""Mail that waits to be sent, and notices that wait to be read."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey, Timestamp
from app.jobs.models import Leased


class OutboxMail(Leased, Base):
    """A rendered mail, written in the transaction whose business it tells of.

    `order_id` names the order that the mail tells of; `unsubscribe_url` is set where the recipient may refuse mails
    of its kind.
    """

    __tablename__ = "email_outbox"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'sent', 'dead', 'suppressed')", name="status"),
        Index(
            "ix_email_outbox_next_attempt_at_pending",
            "next_attempt_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_email_outbox_status_id", "status", "id"),
    )

    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(998))
    subject: Mapped[str] = mapped_column(String(998))
    html: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[Timestamp | None]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"), index=True)
    unsubscribe_url: Mapped[str | None] = mapped_column(Text)


class Notice(Base):
    """What a user finds in the shop. `path` is a page of the shop, relative to its base; `read_at` None: unread."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_user_id_id", "user_id", "id"),
        Index("ix_notices_user_id_id_unread", "user_id", "id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notices_read_at", "read_at", postgresql_where=text("read_at IS NOT NULL")),
    )

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(600))
    body: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    read_at: Mapped[Timestamp | None]
