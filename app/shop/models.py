"""The settings of the shop, a row a section, and every state they were ever in."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt

_KNOWN = "section IN ('identity', 'contact', 'selling')"


class ShopSetting(Base):
    """A section as it is now (`app.shop.settings`); without a row it has its defaults. `version` counts the saves."""

    __tablename__ = "shop_settings"
    __table_args__ = (CheckConstraint(_KNOWN, name="section_known"), CheckConstraint("version >= 1", name="version"))

    section: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int]
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[CreatedAt]
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class ShopSettingHistory(Base):
    """A section as it was saved once. Append-only: a trigger refuses UPDATE and DELETE."""

    __tablename__ = "shop_setting_history"
    __table_args__ = (Index("uq_shop_setting_history_section_version", "section", "version", unique=True),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    section: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    values: Mapped[dict[str, Any]] = mapped_column(JSONB)
    saved_at: Mapped[CreatedAt]
    saved_by: Mapped[int | None]
