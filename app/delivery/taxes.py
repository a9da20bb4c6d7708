"""Where staff keep tax rates."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit.service import changes, record
from app.core.db.failures import violated
from app.delivery.errors import DeliveryChanged, DeliveryFull, RateNotFound, TaxRateOverlaps
from app.delivery.given import MAX_RATES, RateGiven
from app.delivery.models import TaxRate
from app.delivery.rules import CHANGES_LOCK

NO_OVERLAP = "ex_tax_rates_one_at_a_time"


class TaxDesk:
    """Tax rates for staff. Who changes one waits for whoever changes another; orders keep the rates they had."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Sequence[TaxRate]:
        """All rates by place and category, those of a place from the latest on."""
        order = (TaxRate.country, TaxRate.region, TaxRate.postal_prefix, TaxRate.category, TaxRate.valid_from.desc())
        return (await self._session.scalars(select(TaxRate).order_by(*order))).all()

    async def get(self, rate_id: int) -> TaxRate:
        """Raises RateNotFound."""
        found = await self._session.get(TaxRate, rate_id)
        if found is None:
            raise RateNotFound
        return found

    async def add(self, given: RateGiven, actor: Caller) -> int:
        """A new rate; its id. The one in force on its first day ends there, and it ends where a later one begins.

        Raises:
            TaxRateOverlaps: a rate of the same goods and place begins on that day, or before this one ends.
            DeliveryFull: there are as many as may be.
        """
        await self._take_turns()
        if await self._session.scalar(select(func.count()).select_from(TaxRate)) >= MAX_RATES:  # type: ignore[operator]
            raise DeliveryFull(MAX_RATES)
        await self._end_earlier(given, actor)
        ends = given.valid_to or await self._next_begins(given)
        await self._refuse_overlap(given, ends)
        return await self._insert(given, ends, actor)

    async def change(self, rate_id: int, given: RateGiven, version: int, actor: Caller) -> None:
        """Correct a rate; the others of its place stay.

        Raises:
            RateNotFound, DeliveryChanged: it is gone, or not what it was.
            TaxRateOverlaps: another one is in force on one of its days.
        """
        await self._take_turns()
        row = await self._locked(rate_id, version)
        await self._refuse_overlap(given, given.valid_to, apart_from=rate_id)
        before = _state(row)
        for name, value in _columns(given, given.valid_to).items():
            setattr(row, name, value)
        old, new = changes(before, _state(row))
        if not new:
            return
        row.version += 1
        await self._flush()
        await record(self._session, actor, "tax_rate.changed", rate_id, before=old, after=new)

    async def delete(self, rate_id: int, version: int, actor: Caller) -> None:
        """Take a rate away; the one before it is not prolonged. Raises RateNotFound, DeliveryChanged."""
        await self._take_turns()
        before = _state(await self._locked(rate_id, version))
        await self._session.execute(delete(TaxRate).where(TaxRate.id == rate_id))
        await record(self._session, actor, "tax_rate.removed", rate_id, before=before)

    async def _end_earlier(self, given: RateGiven, actor: Caller) -> None:
        first = given.valid_from
        on_that_day = (TaxRate.valid_from < first, (TaxRate.valid_to > first) | TaxRate.valid_to.is_(None))
        earlier = await self._session.scalar(select(TaxRate).where(*_alike(given), *on_that_day).with_for_update())
        if earlier is None:
            return
        before = {"valid_to": earlier.valid_to}
        earlier.valid_to = first
        earlier.version += 1
        await self._session.flush()
        after = {"valid_to": first}
        await record(self._session, actor, "tax_rate.changed", earlier.id, before=before, after=after)

    async def _next_begins(self, given: RateGiven) -> date | None:
        later = select(func.min(TaxRate.valid_from)).where(*_alike(given), TaxRate.valid_from > given.valid_from)
        return await self._session.scalar(later)

    async def _refuse_overlap(self, given: RateGiven, ends: date | None, *, apart_from: int = 0) -> None:
        """Raises TaxRateOverlaps; the database would refuse the row as well, with the whole transaction."""
        during = [(TaxRate.valid_to > given.valid_from) | TaxRate.valid_to.is_(None), TaxRate.id != apart_from]
        if ends is not None:
            during.append(TaxRate.valid_from < ends)
        if await self._session.scalar(select(TaxRate.id).where(*_alike(given), *during).limit(1)):
            raise TaxRateOverlaps

    async def _insert(self, given: RateGiven, ends: date | None, actor: Caller) -> int:
        row = TaxRate(**_columns(given, ends))
        self._session.add(row)
        await self._flush()
        await record(self._session, actor, "tax_rate.created", row.id, after=_state(row))
        return row.id

    async def _flush(self) -> None:
        try:
            await self._session.flush()
        except IntegrityError as error:
            if violated(error) == NO_OVERLAP:
                raise TaxRateOverlaps from error
            raise

    async def _locked(self, rate_id: int, version: int) -> TaxRate:
        row = await self._session.get(TaxRate, rate_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise RateNotFound
        if row.version != version:
            raise DeliveryChanged
        return row

    async def _take_turns(self) -> None:
        await self._session.execute(select(func.pg_advisory_xact_lock(CHANGES_LOCK)))


def _alike(given: RateGiven) -> tuple[ColumnElement[bool], ...]:
    """The rates of the same goods and place."""
    area = given.area
    return (
        TaxRate.category == given.category,
        TaxRate.country == area.country,
        TaxRate.region.is_not_distinct_from(area.region),
        TaxRate.postal_prefix.is_not_distinct_from(area.postal_prefix),
    )


def _columns(given: RateGiven, ends: date | None) -> dict[str, Any]:
    area = given.area
    return {
        "category": given.category,
        "country": area.country,
        "region": area.region,
        "postal_prefix": area.postal_prefix,
        "rate": given.rate,
        "valid_from": given.valid_from,
        "valid_to": ends,
        "source": given.source,
    }


def _state(row: TaxRate) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key != "version"}
