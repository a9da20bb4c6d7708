"""Zones, methods and rates as rows, and the service on a session of the shop's own."""

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.delivery.models import DeliveryMethod, DeliveryPrice, DeliveryZone, Location, TaxRate, ZoneArea
from tests.support import Shop

T = TypeVar("T")
DAY = date(2026, 12, 1)


async def within(shop: Shop, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    return await shop.app.state.database.transaction(work)


async def _insert(shop: Shop, row: Any) -> int:
    async def insert(session: AsyncSession) -> int:
        session.add(row)
        await session.flush()
        return row.id

    return await within(shop, insert)


async def zone(shop: Shop, *areas: tuple[str, str | None, str | None], name: str = "Zone") -> int:
    zone_id = await _insert(shop, DeliveryZone(name=name))
    for area in areas:
        await _insert(shop, ZoneArea(zone_id=zone_id, country=area[0], region=area[1], postal_prefix=area[2]))
    return zone_id


async def parcel(shop: Shop, zone_id: int, prices: dict[int | None, str], **columns: Any) -> int:
    """The id of a method that ships to the zone."""
    method = DeliveryMethod(kind="ship", zone_id=zone_id, **({"name": "Parcel", "position": 5} | columns))
    method_id = await _insert(shop, method)
    for grams, price in prices.items():
        await _insert(shop, DeliveryPrice(method_id=method_id, up_to_grams=grams, price=Decimal(price)))
    return method_id


async def collect(shop: Shop, address: dict[str, str] | None = None, **columns: Any) -> int:
    """The id of a method to collect at a location of its own."""
    location_id = await _insert(shop, Location(name="Branch", address=address))
    return await _insert(
        shop, DeliveryMethod(kind="collect", location_id=location_id, **({"name": "Branch", "position": 1} | columns))
    )


async def rate(shop: Shop, category: str, country: str, value: str, **columns: Any) -> int:
    given = {"valid_from": date(2020, 1, 1), "source": "A leaflet"} | columns
    return await _insert(shop, TaxRate(category=category, country=country, rate=Decimal(value), **given))
