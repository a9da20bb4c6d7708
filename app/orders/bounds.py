"""How much a checkout may take (docs/limits.md)."""

from dataclasses import dataclass
from typing import Self

from app.core.config import Settings


@dataclass(frozen=True, slots=True)
class CheckoutBounds:
    """Lines of a cart, declined payments of a cart within an hour, Idempotency-Keys of an account within 24 hours."""

    lines: int
    declines: int
    keys: int

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.max_cart_lines, settings.max_declined_payments, settings.max_idempotency_keys)
