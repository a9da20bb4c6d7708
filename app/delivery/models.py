"""Where books are collected, where they are sent, for how much, and which tax is due where."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CHAR,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, IntKey


class Location(Base):
    """Where orders are collected, within about `ready_hours`. `address` is None until somebody gives it."""

    __tablename__ = "locations"
    __table_args__ = (CheckConstraint("ready_hours >= 0", name="ready_hours_not_negative"),)

    id: Mapped[IntKey]
    name: Mapped[str] = mapped_column(String(100))
    address: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    hours: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    ready_hours: Mapped[int] = mapped_column(default=24, server_default="24")
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class DeliveryZone(Base):
    """Places that are served alike."""

    __tablename__ = "delivery_zones"

    id: Mapped[IntKey]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class ZoneArea(Base):
    """A country of a zone, or a part of it. Region and prefix are stored as `rules` folds them."""

    __tablename__ = "delivery_zone_areas"
    __table_args__ = (
        UniqueConstraint("zone_id", "country", "region", "postal_prefix", postgresql_nulls_not_distinct=True),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
    )

    id: Mapped[IntKey]
    zone_id: Mapped[int] = mapped_column(ForeignKey("delivery_zones.id", ondelete="CASCADE"))
    country: Mapped[str] = mapped_column(CHAR(2))
    region: Mapped[str | None] = mapped_column(Text)
    postal_prefix: Mapped[str | None] = mapped_column(Text)


class DeliveryMethod(Base):
    """A way to get an order: collected at a location, or shipped within a zone.

    `free_from`: from goods of that much on, in major units, it costs nothing. `tracking_url` has `{number}` in it.
    """

    __tablename__ = "delivery_methods"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'collect' AND location_id IS NOT NULL AND zone_id IS NULL)"
            " OR (kind = 'ship' AND zone_id IS NOT NULL AND location_id IS NULL)",
            name="kind",
        ),
        CheckConstraint("free_from >= 0", name="free_from_not_negative"),
        CheckConstraint("min_days >= 0 AND max_days >= 0 AND min_days <= max_days", name="days"),
    )

    id: Mapped[IntKey]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    location_id: Mapped[int | None] = mapped_column(ForeignKey("locations.id"), index=True)
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("delivery_zones.id"), index=True)
    free_from: Mapped[Decimal | None] = mapped_column(Numeric)
    min_days: Mapped[int | None]
    max_days: Mapped[int | None]
    tracking_url: Mapped[str | None] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class DeliveryPrice(Base):
    """What a parcel of up to so many grams costs; without a weight: any parcel heavier than the steps."""

    __tablename__ = "delivery_prices"
    __table_args__ = (
        UniqueConstraint("method_id", "up_to_grams", postgresql_nulls_not_distinct=True),
        CheckConstraint("up_to_grams > 0", name="up_to_grams_positive"),
        CheckConstraint("price >= 0", name="price_not_negative"),
    )

    id: Mapped[IntKey]
    method_id: Mapped[int] = mapped_column(ForeignKey("delivery_methods.id", ondelete="CASCADE"))
    up_to_grams: Mapped[int | None]
    price: Mapped[Decimal] = mapped_column(Numeric)


class TaxRate(Base):
    """The rate of a category of goods in a place, 0.07 for 7 %, from one day until before another.

    The database refuses two that are in force for the same category and place on one day.
    """

    __tablename__ = "tax_rates"
    __table_args__ = (
        CheckConstraint("category IN ('book', 'ebook', 'other')", name="category"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("rate BETWEEN 0 AND 1", name="rate"),
        CheckConstraint("valid_from < valid_to", name="dates"),
        CheckConstraint("source <> ''", name="source_given"),
        Index("ix_tax_rates_country_postal_prefix", "country", "postal_prefix"),
        ExcludeConstraint(
            ("category", "="),
            ("country", "="),
            (literal_column("coalesce(region, '')"), "="),
            (literal_column("coalesce(postal_prefix, '')"), "="),
            (literal_column("daterange(valid_from, valid_to)"), "&&"),
            name="ex_tax_rates_one_at_a_time",
            using="gist",
        ),
    )

    id: Mapped[IntKey]
    category: Mapped[str] = mapped_column(String(10))
    country: Mapped[str] = mapped_column(CHAR(2))
    region: Mapped[str | None] = mapped_column(Text)
    postal_prefix: Mapped[str | None] = mapped_column(Text)
    rate: Mapped[Decimal] = mapped_column(Numeric(7, 5))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
