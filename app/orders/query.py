"""What staff ask of the list of orders."""

from dataclasses import dataclass
from datetime import datetime

from app.orders.models import OrderStatus


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders: None means any. `created_from` inclusive, `created_to` exclusive, `email` the buyer's."""

    user_id: int | None = None
    status: OrderStatus | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    email: str | None = None
