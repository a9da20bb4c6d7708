"""The SQL of what buyers are offered: one statement each, on the driver."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db.driver import driver
from app.delivery.rules import Area, Kind, Place, Rate, Step, folded_postal


@dataclass(frozen=True, slots=True)
class Offer:
    """An offered method with all that hangs on it."""

    id: int
    kind: Kind
    name: str
    description: str
    free_from: Decimal | None
    min_days: int | None
    max_days: int | None
    steps: Sequence[Step]
    areas: Sequence[Area]
    location: dict[str, Any] | None


# Amounts travel as texts: JSON numbers would be read as floats. So does JSON, which each driver reads in its own way.
_OFFER = """
    m.id, m.kind, m.name, m.description, m.free_from, m.min_days, m.max_days,
    (SELECT coalesce(json_agg(json_build_array(p.up_to_grams, p.price::text)), '[]')::text
     FROM delivery_prices p WHERE p.method_id = m.id) AS steps,
    (SELECT coalesce(json_agg(json_build_array(a.country, a.region, a.postal_prefix)), '[]')::text
     FROM delivery_zone_areas a WHERE a.zone_id = m.zone_id) AS areas,
    CASE WHEN l.id IS NOT NULL THEN json_build_object('id', l.id, 'name', l.name, 'address', l.address,
        'hours', l.hours, 'ready_hours', l.ready_hours)::text END AS location
"""
_OFFERED = "delivery_methods m LEFT JOIN locations l ON l.id = m.location_id"
_LIVE = "m.is_active AND l.is_active IS NOT FALSE"
_ALL = f"SELECT {_OFFER} FROM {_OFFERED} WHERE {_LIVE} ORDER BY m.position, m.id"
# Goods that are collected are supplied where they are collected. Of a country with tens of thousands of rates (one a
# postal code), only those are read whose prefix fits.
_CHOSEN = f"""
    SELECT {_OFFER}, (
        SELECT coalesce(json_agg(json_build_array(
            t.category, t.country, t.region, t.postal_prefix, t.rate::text, t.valid_from, t.valid_to)), '[]')::text
        FROM tax_rates t,
            (SELECT CASE WHEN m.kind = 'ship' THEN $2 WHEN l.address IS NULL THEN $4 ELSE l.address ->> 'country' END,
                    CASE WHEN m.kind = 'ship' THEN $3 WHEN l.address IS NULL THEN $5 ELSE
                        upper(regexp_replace(coalesce(l.address ->> 'postal_code', ''), '[^[:alnum:]]', '', 'g')) END
            ) AS supplied (country, postal)
        WHERE t.country = supplied.country AND t.valid_from <= $6 AND (t.valid_to IS NULL OR t.valid_to > $6)
            AND (t.postal_prefix IS NULL OR t.postal_prefix = ANY (ARRAY(
                SELECT left(supplied.postal, n) FROM generate_series(1, least(length(supplied.postal), 20)) n)))
        ) AS rates
    FROM {_OFFERED}
    WHERE {_LIVE} AND CASE WHEN $1::int IS NULL THEN m.kind = 'collect' ELSE m.id = $1 END
    ORDER BY m.position, m.id LIMIT 1
"""


class OfferRepository:
    """What is offered, in the transaction of a session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> list[Offer]:
        """All offered methods in their order."""
        return [_offer(row) for row in await (await driver(self._session)).fetch(_ALL)]

    async def chosen(
        self, method_id: int | None, shipped: Place, home: Place, day: date
    ) -> tuple[Offer, list[Rate]] | None:
        """That method, or the first that collects, with the rates of that day where its goods are supplied.

        `shipped` is the place of supply of what is shipped, `home` of what is collected where no address is known.
        """
        row = await (await driver(self._session)).fetchrow(_CHOSEN, method_id, *_keys(shipped), *_keys(home), day)
        return (_offer(row), [_rate(values) for values in json.loads(row["rates"])]) if row else None


def _keys(place: Place) -> tuple[str, str]:
    return (place.country or "").upper(), folded_postal(place.postal_code) or ""


def _offer(row: asyncpg.Record) -> Offer:
    return Offer(
        id=row["id"],
        kind=Kind(row["kind"]),
        name=row["name"],
        description=row["description"],
        free_from=row["free_from"],
        min_days=row["min_days"],
        max_days=row["max_days"],
        steps=[Step(grams, Decimal(price)) for grams, price in json.loads(row["steps"])],
        areas=[Area(*part) for part in json.loads(row["areas"])],
        location=json.loads(row["location"]) if row["location"] else None,
    )


def _rate(values: Sequence[Any]) -> Rate:
    category, country, region, prefix, rate, first, end = values
    return Rate(
        category,
        Area(country, region, prefix),
        Decimal(rate),
        date.fromisoformat(first),
        date.fromisoformat(end) if end else None,
    )
