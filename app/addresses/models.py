"""Address books: where the parcels of an account go."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.addresses.rules import lines
from app.addresses.schemas import MAX_LABEL, Address
from app.core.db.base import Base, CreatedAt, IntKey


class SavedAddress(Base):
    """An entry of an address book. `version` counts its changes; one of each account is the default."""

    __tablename__ = "addresses"
    __table_args__ = (
        CheckConstraint(
            "jsonb_typeof(address -> 'country') IS NOT DISTINCT FROM 'string'", name="address_has_country"
        ),
        Index("uq_addresses_default", "user_id", unique=True, postgresql_where=text("is_default")),
    )

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    label: Mapped[str | None] = mapped_column(String(MAX_LABEL))
    given: Mapped[dict[str, Any]] = mapped_column("address", JSONB)
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]

    @property
    def address(self) -> Address:
        """As it was given."""
        return Address.model_validate(self.given)

    @property
    def lines(self) -> list[str]:
        """As a parcel shows it."""
        return lines(self.address)
