"""What a checkout goes by besides the cart: how much it may take (docs/limits.md), and the terms of the shop."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from app.core.config import Settings
from app.delivery.rules import Place, TaxTerms
from app.shop.settings import ShopSettings


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


@dataclass(frozen=True, slots=True)
class Selling:
    """In which currency the shop sells, how many decimals that has, how sales are taxed, and by which day."""

    currency: str
    decimals: int = 2
    tax: TaxTerms = field(default_factory=TaxTerms)
    zone: ZoneInfo | None = None

    def today(self) -> date:
        """The day in the shop, which tells the tax rates that are in force."""
        return datetime.now(self.zone or UTC).date()


def selling_of(shop: ShopSettings) -> Selling:
    """As the shop's settings say."""
    said = shop.selling
    home = Place(said.home_country, said.home_region or None, said.home_postal_code or None)
    tax = TaxTerms(said.tax_mode, home, ship_to_home=said.ship_tax_at == "home")
    return Selling(said.currency, shop.decimals, tax, shop.zone)
