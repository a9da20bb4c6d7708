"""What staff change, on a database with real commits: races, overlaps, and what is left behind."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.accounts.models import UserRole
from app.core.errors import DomainError
from app.delivery.desk import DeliveryDesk
from app.delivery.errors import DeliveryChanged, DeliveryMethodNotFound, LastCollectMethod, TaxRateOverlaps
from app.delivery.given import MethodGiven, RateGiven, areas_of, parts_text
from app.delivery.rules import Area, Goods, Place, TaxTerms
from app.delivery.service import DeliveryService
from app.delivery.taxes import TaxDesk
from tests.delivery.support import DAY, collect, parcel, within, zone
from tests.support import Shop

FIRST = date(2026, 1, 1)
BERLIN = Place("DE", None, "10115")


async def clerk(shop: Shop) -> Caller:
    person = await shop.admin()
    return Caller(person.id, person.email, None, UserRole.ADMIN, uuid4())


def given_rate(day: int, until: int | None = None, percent: str = "7") -> RateGiven:
    return RateGiven(
        category="book",
        country="DE",
        percent=Decimal(percent),
        valid_from=FIRST + timedelta(day),
        valid_to=None if until is None else FIRST + timedelta(until),
        source="A leaflet",
    )


async def add_rate(session: AsyncSession, rate: RateGiven, staff: Caller) -> int:
    return await TaxDesk(session).add(rate, staff)


async def spans(shop: Shop) -> list[tuple[int, int | None]]:
    rows = await shop.rows("SELECT valid_from, valid_to FROM tax_rates ORDER BY valid_from")
    return [((row[0] - FIRST).days, row[1] and (row[1] - FIRST).days) for row in rows]


async def test_rates_follow_each_other_in_whatever_order_they_are_given(shop: Shop):
    staff = await clerk(shop)
    for day in (10, 0, 20, 5):
        await within(shop, partial(add_rate, rate=given_rate(day), staff=staff))
    assert await spans(shop) == [(0, 5), (5, 10), (10, 20), (20, None)]
    with pytest.raises(TaxRateOverlaps):
        await within(shop, lambda session: TaxDesk(session).add(given_rate(12, 21), staff))
    assert await spans(shop) == [(0, 5), (5, 10), (10, 20), (20, None)]


async def test_a_correction_may_not_overlap_another_rate(shop: Shop):
    staff = await clerk(shop)
    first = await within(shop, lambda session: TaxDesk(session).add(given_rate(0), staff))
    await within(shop, lambda session: TaxDesk(session).add(given_rate(10), staff))
    with pytest.raises(TaxRateOverlaps):
        await within(shop, lambda session: TaxDesk(session).change(first, given_rate(0, 11), 2, staff))
    await within(shop, lambda session: TaxDesk(session).change(first, given_rate(0, 9, "8"), 2, staff))
    with pytest.raises(DeliveryChanged):
        await within(shop, lambda session: TaxDesk(session).delete(first, 2, staff))
    assert await spans(shop) == [(0, 9), (10, None)]


async def test_the_database_refuses_overlaps_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """With the application's own check taken out, and in plain SQL. Seen to fail without the constraint."""

    async def unchecked(*_: object, **__: object) -> None:
        """Looks at nothing."""

    monkeypatch.setattr(TaxDesk, "_refuse_overlap", unchecked)
    staff = await clerk(shop)
    await within(shop, lambda session: TaxDesk(session).add(given_rate(5), staff))
    for rate in (given_rate(5), given_rate(0, 6)):
        with pytest.raises(TaxRateOverlaps):
            await within(shop, partial(add_rate, rate=rate, staff=staff))
    assert await spans(shop) == [(5, None)]


async def test_rates_of_other_goods_and_places_do_not_overlap(raw: asyncpg.Connection):
    insert = (
        "INSERT INTO tax_rates (category, country, region, postal_prefix, rate, valid_from, source)"
        " VALUES ($1, $2, $3, $4, 0.1, '2026-01-01', 's')"
    )
    rows = [
        ("book", "US", None, None),
        ("ebook", "US", None, None),
        ("book", "CA", None, None),
        ("book", "US", "ny", None),
        ("book", "US", "ny", "100"),
        ("book", "US", None, "100"),
    ]
    for row in rows:
        await raw.execute(insert, *row)
    for row in rows:
        with pytest.raises(asyncpg.ExclusionViolationError):
            async with raw.transaction():
                await raw.execute(insert, *row)


async def test_two_staff_who_give_the_same_rate_at_once(live: Shop):
    staff = await clerk(live)

    async def add(day: int) -> str:
        try:
            await within(live, lambda session: TaxDesk(session).add(given_rate(day), staff))
        except DomainError as error:
            return error.code
        return "added"

    outcomes = Counter(await asyncio.gather(*(add(day) for day in (0, 0, 3, 3, 6, 6))))
    assert outcomes == {"added": 3, "TAX_RATE_OVERLAPS": 3}
    assert await spans(live) == [(0, 3), (3, 6), (6, None)]


async def test_two_staff_who_change_a_zone_at_once(live: Shop):
    """Seen to fail without the comparison of versions."""
    staff, zone_id = await clerk(live), await zone(live, ("DE", None, None))

    async def save(country: str) -> str:
        try:
            await within(
                live, lambda session: DeliveryDesk(session).save_zone(zone_id, country, {Area(country)}, 1, staff)
            )
        except DeliveryChanged:
            return "changed"
        return country

    outcomes = await asyncio.gather(*(save(country) for country in ("AT", "FR", "IT", "PL")))
    assert sorted(outcomes, key=len)[1:] == [max(outcomes, key=len)] * 3
    [row] = await live.rows(
        "SELECT name, country FROM delivery_zones z JOIN delivery_zone_areas a ON a.zone_id = z.id"
    )
    assert row.name == row.country == min(outcomes, key=len)


async def test_two_staff_who_each_take_away_one_of_the_last_two_ways_to_collect(live: Shop):
    """Seen to fail without the lock that changes take turns by."""
    staff = await clerk(live)
    await collect(live)
    methods = [row.id for row in await live.rows("SELECT id FROM delivery_methods")]

    async def removing(method_id: int, session: AsyncSession) -> None:
        await DeliveryDesk(session).delete_method(method_id, 1, staff)
        await asyncio.sleep(0.3)  # the other one is at work before this one is stored

    async def remove(method_id: int) -> bool:
        try:
            await within(live, partial(removing, method_id))
        except LastCollectMethod:
            return False
        return True

    assert sorted(await asyncio.gather(*map(remove, methods))) == [False, True]
    assert await live.scalar("SELECT count(*) FROM delivery_methods") == 1


async def test_a_method_that_changes_while_options_are_read_is_seen_whole(live: Shop):
    """Old price with old days, or new with new, never a mixture; and never an error."""
    staff = await clerk(live)
    zone_id = await zone(live, ("DE", None, None))
    method_id = await parcel(live, zone_id, {None: "1"}, min_days=1, max_days=1)
    seen: set[tuple[Any, ...]] = set()

    async def change(session: AsyncSession, number: int) -> None:
        given = MethodGiven(kind="ship", name="P", zone_id=zone_id, min_days=number, max_days=number, is_active=True)
        _, steps = await DeliveryDesk(session).method(method_id)
        steps = [type(step)(step.up_to_grams, Decimal(number)) for step in steps]
        await DeliveryDesk(session).save_method(method_id, given, steps, number - 1, staff)

    async def changing() -> None:
        for number in range(2, 30):
            await within(live, partial(change, number=number))
        await within(live, lambda session: DeliveryDesk(session).delete_method(method_id, 29, staff))

    async def reading(work: asyncio.Task[None]) -> None:
        while not work.done():
            options = await within(live, lambda session: DeliveryService(session).options(BERLIN, Goods()))
            seen.update((option.price, option.min_days) for option in options if option.method_id == method_id)
            try:
                chosen = await within(
                    live, lambda session: DeliveryService(session).choose(method_id, BERLIN, Goods(), TaxTerms(), DAY)
                )
                seen.add((chosen.price, chosen.days[0]))
            except DeliveryMethodNotFound:
                continue

    work = asyncio.create_task(changing())
    await asyncio.gather(work, *(reading(work) for _ in range(3)))
    assert len(seen) > 1
    assert all(price == days for price, days in seen)


@given(
    st.sets(
        st.builds(
            Area,
            st.sampled_from(["US", "DE"]),
            st.none() | st.sampled_from(["ca", "ny"]),
            st.none() | st.text("0123AB", min_size=1, max_size=4),
        )
    )
)
def test_parts_are_written_as_they_are_read(areas: set[Area]):
    whole = {area.country for area in areas if not area.region and not area.postal_prefix}
    kept = {area for area in areas if area.country not in whole or not (area.region or area.postal_prefix)}
    if kept:
        assert areas_of(sorted(whole), parts_text(list(kept)), frozenset({"US", "DE"})) == kept


@given(st.text(max_size=80))
def test_parts_are_read_or_refused_with_a_sentence(text: str):
    told = ""
    try:
        told = "." if areas_of([], text, frozenset({"US", "DE"})) else ""
    except ValueError as error:
        told = str(error)
    assert told.endswith(".")
