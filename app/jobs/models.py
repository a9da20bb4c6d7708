"""Rows that workers lease, and the table of jobs."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, Timestamp


class Leased:
    """The columns by which workers share the rows of a table.

    `attempts` counts claims by workers, `locked_until` is the lease of the present one. A row is due when it is
    `pending`, `next_attempt_at` has come and nobody holds a lease; a `dead` one was given up.
    """

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    status: Mapped[str] = mapped_column(String(12), default="pending", server_default="pending")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    locked_until: Mapped[Timestamp | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[CreatedAt]


class Job(Leased, Base):
    """Something to be done later. `key`, if any, is that of one job at a time; a job that was done is deleted."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'dead')", name="status"),
        Index(
            "ix_jobs_kind_next_attempt_at_pending",
            "kind",
            "next_attempt_at",
            postgresql_where=text("status = 'pending'"),
        ),
    )

    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str | None] = mapped_column(String(100), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
