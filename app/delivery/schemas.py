"""Delivery on the wire, and what the services hand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.values import MoneyOut
from app.delivery.rules import Kind


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a checkout needs of the chosen method.

    `location` is a snapshot of where the order is collected, None where it is shipped. `days` are the fewest and the
    most until it arrives, as far as the shop says so. `rates` are those of the categories of the goods where they are
    supplied; empty where the shop charges no tax.
    """

    method_id: int
    kind: Kind
    name: str
    price: Decimal
    location: dict[str, Any] | None
    days: tuple[int | None, int | None]
    rates: Mapping[str, Decimal]


class LocationOut(BaseModel):
    """Where orders are collected."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["Our shop"])
    address: dict[str, str] | None = Field(description="As in `GET /addresses`, without the keys that are empty")
    hours: str = Field(examples=["Mo–Fr 9–18, Sa 10–14"])
    ready_hours: int = Field(ge=0, description="About so many hours until an order can be collected", examples=[24])


class DeliveryOption(BaseModel):
    """A way to get the order, with its price for these goods in major units of the shop's currency."""

    method_id: int
    kind: Literal["collect", "ship"]
    name: str = Field(examples=["Collect in the shop"])
    description: str
    price: MoneyOut
    free_from: MoneyOut | None = Field(description="From goods of that much on it costs nothing")
    min_days: int | None
    max_days: int | None
    location: LocationOut | None


class DeliveryOptions(BaseModel):
    """What the shop offers for a place; the first `collect` is what an order gets that chooses none."""

    items: list[DeliveryOption]
