"""The table of security events."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, func, text
from sqlalchemy.dialects.postgresql import CIDR, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.security.client import Network
from app.core.db.base import Base, CreatedAt, Timestamp


class SecurityEvent(Base):
    """Something that happened at the doors of the shop, or so many of the same within a minute (`times`, `last_at`).

    Append-only: a trigger refuses all changes but counting, the account's removal and the purge. `user_id` is the
    account that the event is about, None where it is unknown or gone. `detail` holds words of ours alone.
    """

    __tablename__ = "security_events"
    __table_args__ = (
        Index("ix_security_events_created_at_id", "created_at", "id"),
        Index("ix_security_events_kind_created_at_id", "kind", "created_at", "id"),
        Index("ix_security_events_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("ix_security_events_network_created_at_id", "network", "created_at", "id"),
        CheckConstraint("times > 0 AND last_at >= created_at", name="counted"),
        CheckConstraint(
            "masklen(network) = CASE family(network) WHEN 4 THEN 24 ELSE 48 END", name="network_shortened"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    created_at: Mapped[CreatedAt]
    last_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    times: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    kind: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    network: Mapped[Network | None] = mapped_column(CIDR)
    device: Mapped[str | None] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    request_id: Mapped[str | None] = mapped_column(String(64))
