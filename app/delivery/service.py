"""What buyers are offered: ways of delivery, their prices, the tax of what is chosen."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import NOTHING, TaxMode
from app.delivery.errors import (
    AddressMissing,
    DeliveryMethodNotFound,
    DeliveryNotThere,
    ParcelTooHeavy,
    TaxRateMissing,
)
from app.delivery.repository import Offer, OfferRepository
from app.delivery.rules import (
    Goods,
    Kind,
    Place,
    Rate,
    TaxTerms,
    place_text,
    price_for,
    rates_at,
    reaches,
)
from app.delivery.schemas import Chosen, DeliveryOption, LocationOut


class DeliveryService:
    """Delivery in the transaction of a session. It takes no locks: an order keeps a snapshot of what it chose."""

    def __init__(self, session: AsyncSession) -> None:
        self._offers = OfferRepository(session)

    async def options(self, place: Place, goods: Goods) -> list[DeliveryOption]:
        """Every way to collect, and those that ship such a parcel to the place."""
        priced = [(offer, _price(offer, place, goods)) for offer in await self._offers.all()]
        return [_option(offer, price) for offer, price in priced if price is not None]

    async def choose(
        self, method_id: int | None, ship_to: Place | None, goods: Goods, tax: TaxTerms, today: date
    ) -> Chosen:
        """The chosen method, None for the first that collects, with its price and the rates, in one round trip.

        `today` is the day in the shop's time zone.

        Raises:
            DeliveryMethodNotFound: there is none with that id, or it is not offered; or nothing can be collected.
            AddressMissing: it ships, and nobody said where to.
            DeliveryNotThere: it does not reach the place, or carries no such parcel.
            TaxRateMissing: a category of the goods has no rate where they are supplied.
        """
        destination = ship_to or Place()
        shipped = tax.home if tax.ship_to_home else destination
        found = await self._offers.chosen(method_id, shipped, tax.home, today)
        if found is None:
            raise DeliveryMethodNotFound
        offer, rates = found
        if offer.kind is Kind.SHIP:
            if ship_to is None:
                raise AddressMissing
            if not reaches(offer.areas, destination):
                raise DeliveryNotThere
        price = _price(offer, destination, goods)
        if price is None:
            raise ParcelTooHeavy
        supplied = shipped if offer.kind is Kind.SHIP else _collected_at(offer, tax.home)
        return Chosen(
            method_id=offer.id,
            kind=offer.kind,
            name=offer.name,
            price=price,
            location=offer.location,
            days=(offer.min_days, offer.max_days),
            rates={} if tax.mode is TaxMode.NONE else _complete(rates, supplied, goods, today),
        )


def _collected_at(offer: Offer, home: Place) -> Place:
    """Where goods change hands: at the location, which the shop's own place stands for where it has no address."""
    address = (offer.location or {}).get("address")
    return Place(address["country"], address.get("region"), address.get("postal_code")) if address else home


def _complete(rates: list[Rate], place: Place, goods: Goods, today: date) -> Mapping[str, Decimal]:
    """The rate of each category of the goods. Raises TaxRateMissing."""
    there = rates_at(rates, place, today)
    for category in sorted(goods.categories):
        if category not in there:
            raise TaxRateMissing(category, place_text(place))
    return {category: there[category] for category in goods.categories}


def _price(offer: Offer, place: Place, goods: Goods) -> Decimal | None:
    """None where the method does not carry the goods there. Collecting without a price costs nothing."""
    if offer.kind is Kind.SHIP and not reaches(offer.areas, place):
        return None
    if offer.kind is Kind.COLLECT and not offer.steps:
        return NOTHING
    return price_for(offer.steps, offer.free_from, goods)


def _option(offer: Offer, price: Decimal) -> DeliveryOption:
    return DeliveryOption(
        method_id=offer.id,
        kind=offer.kind.value,
        name=offer.name,
        description=offer.description,
        price=price,
        free_from=offer.free_from,
        min_days=offer.min_days,
        max_days=offer.max_days,
        location=LocationOut.model_validate(offer.location) if offer.location else None,
    )
