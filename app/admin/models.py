"""Files that staff import by page."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt


class BookImport(Base):
    """A file of books and how far its import is; `done` and `total` in bytes of the file."""

    __tablename__ = "book_imports"
    __table_args__ = (
        CheckConstraint(
            "stage IN ('waiting', 'checking', 'checked', 'importing', 'imported', 'failed', 'interrupted')",
            name="stage",
        ),
    )

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    file: Mapped[str] = mapped_column(String(120))
    total: Mapped[int] = mapped_column(BigInteger)
    stage: Mapped[str] = mapped_column(String(12), server_default="waiting")
    done: Mapped[int] = mapped_column(BigInteger, server_default="0")
    choices: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class BookImportPart(Base):
    """A piece of the file, or of the file of rejected rows; pieces are in order of `number`."""

    __tablename__ = "book_import_parts"

    import_key: Mapped[str] = mapped_column(ForeignKey("book_imports.key", ondelete="CASCADE"), primary_key=True)
    is_rejected: Mapped[bool] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
