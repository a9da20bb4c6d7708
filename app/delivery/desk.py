"""Where staff keep locations, zones and methods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.caller import Caller
from app.audit.service import changes, record
from app.core.errors import DomainError
from app.delivery.errors import (
    DeliveryChanged,
    DeliveryFull,
    InUse,
    LastCollectMethod,
    LocationNotFound,
    MethodNotFound,
    ZoneNameTaken,
    ZoneNotFound,
)
from app.delivery.given import MAX_ROWS, LocationGiven, MethodGiven, steps_in_order
from app.delivery.models import DeliveryMethod, DeliveryPrice, DeliveryZone, Location, ZoneArea
from app.delivery.rules import CHANGES_LOCK, Area, Kind, Step

Row = TypeVar("Row", Location, DeliveryZone, DeliveryMethod)
_MISSING: dict[type, type[DomainError]] = {
    Location: LocationNotFound,
    DeliveryZone: ZoneNotFound,
    DeliveryMethod: MethodNotFound,
}
_PLACED = ("street", "city", "region", "postal_code", "country")


@dataclass(frozen=True, slots=True)
class Kept:
    """All that the shop has, each in its order."""

    locations: Sequence[Location]
    zones: Sequence[DeliveryZone]
    methods: Sequence[DeliveryMethod]


class DeliveryDesk:
    """Locations, zones and methods for staff. Who changes one waits for whoever changes another."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def all(self) -> Kept:
        """Everything, offered or not."""
        locations = await self._session.scalars(select(Location).order_by(Location.position, Location.id))
        zones = await self._session.scalars(select(DeliveryZone).order_by(DeliveryZone.name))
        methods = select(DeliveryMethod).order_by(DeliveryMethod.position, DeliveryMethod.id)
        return Kept(locations.all(), zones.all(), (await self._session.scalars(methods)).all())

    async def location(self, location_id: int) -> Location:
        """Raises LocationNotFound."""
        return await self._found(Location, location_id)

    async def zone(self, zone_id: int) -> tuple[DeliveryZone, list[Area]]:
        """A zone and its areas. Raises ZoneNotFound."""
        return await self._found(DeliveryZone, zone_id), await self._areas(zone_id)

    async def method(self, method_id: int) -> tuple[DeliveryMethod, list[Step]]:
        """A method and its prices, lightest first. Raises MethodNotFound."""
        return await self._found(DeliveryMethod, method_id), await self._steps(method_id)

    async def save_location(
        self, location_id: int | None, given: LocationGiven, version: int, actor: Caller, *, sure: bool = False
    ) -> int:
        """Make or change a location; its id.

        Raises:
            LocationNotFound, DeliveryChanged: it is gone, or not what it was.
            DeliveryFull: there are as many as may be.
            LastCollectMethod: nothing could be collected any more, and nobody is `sure`.
        """
        values = given.model_dump(exclude=set(_PLACED)) | {"address": given.address}
        return await self._save(Location, location_id, values, version, actor, sure=sure)

    async def save_zone(self, zone_id: int | None, name: str, areas: set[Area], version: int, actor: Caller) -> int:
        """Make or change a zone; its id.

        Raises: as `save_location`, and ZoneNameTaken.
        """
        await self._take_turns()
        taken = exists().where(DeliveryZone.name == name, DeliveryZone.id != (zone_id or 0))
        if await self._session.scalar(select(taken)):
            raise ZoneNameTaken
        return await self._save(DeliveryZone, zone_id, {"name": name}, version, actor, areas=areas)

    async def save_method(
        self,
        method_id: int | None,
        given: MethodGiven,
        steps: Sequence[Step],
        version: int,
        actor: Caller,
        *,
        sure: bool = False,
    ) -> int:
        """Make or change a method; its id.

        Raises: as `save_location`, and LocationNotFound or ZoneNotFound where it goes to none that there is.
        """
        await self._take_turns()
        collects = Kind(given.kind) is Kind.COLLECT
        values = given.model_dump() | {
            "location_id": given.location_id if collects else None,
            "zone_id": None if collects else given.zone_id,
            "tracking_url": None if collects else given.tracking_url or None,
        }
        await self._found(*((Location, given.location_id or 0) if collects else (DeliveryZone, given.zone_id or 0)))
        return await self._save(
            DeliveryMethod, method_id, values, version, actor, steps=steps_in_order(steps), sure=sure
        )

    async def delete_location(self, location_id: int, version: int, actor: Caller) -> None:
        """Raises LocationNotFound, DeliveryChanged, and InUse while methods go there."""
        await self._delete(Location, location_id, version, actor, DeliveryMethod.location_id == location_id)

    async def delete_zone(self, zone_id: int, version: int, actor: Caller) -> None:
        """Raises ZoneNotFound, DeliveryChanged, and InUse while methods go there."""
        await self._delete(DeliveryZone, zone_id, version, actor, DeliveryMethod.zone_id == zone_id)

    async def delete_method(self, method_id: int, version: int, actor: Caller, *, sure: bool = False) -> None:
        """Orders keep what they say of it. Raises MethodNotFound, DeliveryChanged, LastCollectMethod."""
        offered = await self._collects()
        await self._delete(DeliveryMethod, method_id, version, actor)
        await self._keep_collecting(offered, sure=sure)

    async def _save(
        self,
        kind: type[Row],
        row_id: int | None,
        values: Mapping[str, Any],
        version: int,
        actor: Caller,
        *,
        areas: Iterable[Area] | None = None,
        steps: Iterable[Step] | None = None,
        sure: bool = False,
    ) -> int:
        offered = await self._collects()
        if row_id is None:
            if await self._session.scalar(select(func.count()).select_from(kind)) >= MAX_ROWS:  # type: ignore[operator]
                raise DeliveryFull(MAX_ROWS)
            row, before = kind(**values), None
            self._session.add(row)
        else:
            row = await self._locked(kind, row_id, version)
            before = await self._state(row)
            for name, value in values.items():
                setattr(row, name, value)
        await self._session.flush()
        await self._hang_on(row.id, areas, steps)
        after = await self._state(row)
        subject = kind.__tablename__.removesuffix("s")
        if before is None:
            await record(self._session, actor, f"{subject}.created", row.id, after=after)
        elif before != after:
            row.version += 1
            await self._session.flush()
            old, new = changes(before, after)
            await record(self._session, actor, f"{subject}.changed", row.id, before=old, after=new)
        await self._keep_collecting(offered, sure=sure)
        return row.id

    async def _hang_on(self, row_id: int, areas: Iterable[Area] | None, steps: Iterable[Step] | None) -> None:
        """Areas of a zone or prices of a method take the place of those it had."""
        if areas is not None:
            await self._session.execute(delete(ZoneArea).where(ZoneArea.zone_id == row_id))
            self._session.add_all(
                ZoneArea(zone_id=row_id, country=area.country, region=area.region, postal_prefix=area.postal_prefix)
                for area in sorted(
                    areas, key=lambda area: (area.country, area.region or "", area.postal_prefix or "")
                )
            )
        if steps is not None:
            await self._session.execute(delete(DeliveryPrice).where(DeliveryPrice.method_id == row_id))
            self._session.add_all(
                DeliveryPrice(method_id=row_id, up_to_grams=step.up_to_grams, price=step.price) for step in steps
            )
        await self._session.flush()

    async def _delete(self, kind: type[Row], row_id: int, version: int, actor: Caller, *uses: Any) -> None:
        await self._take_turns()
        row = await self._locked(kind, row_id, version)
        if uses and await self._session.scalar(select(exists().where(*uses))):
            raise InUse
        before = await self._state(row)
        await self._session.execute(delete(kind).where(kind.id == row_id))
        await record(self._session, actor, f"{kind.__tablename__.removesuffix('s')}.removed", row_id, before=before)

    async def _locked(self, kind: type[Row], row_id: int, version: int) -> Row:
        row = await self._session.get(kind, row_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise _MISSING[kind]
        if row.version != version:
            raise DeliveryChanged
        return row

    async def _found(self, kind: type[Row], row_id: int) -> Row:
        row = await self._session.get(kind, row_id, populate_existing=True)
        if row is None:
            raise _MISSING[kind]
        return row

    async def _state(self, row: Location | DeliveryZone | DeliveryMethod) -> dict[str, Any]:
        """What the audit trail tells of it."""
        state = {column.key: getattr(row, column.key) for column in row.__table__.columns}
        state.pop("version")
        if isinstance(row, DeliveryZone):
            areas = await self._areas(row.id)
            state["areas"] = [[area.country, area.region, area.postal_prefix] for area in areas]
        if isinstance(row, DeliveryMethod):
            state["prices"] = [[step.up_to_grams, step.price] for step in await self._steps(row.id)]
        return state

    async def _areas(self, zone_id: int) -> list[Area]:
        query = select(ZoneArea.country, ZoneArea.region, ZoneArea.postal_prefix).where(ZoneArea.zone_id == zone_id)
        return [Area(*row) for row in await self._session.execute(query.order_by(ZoneArea.id))]

    async def _steps(self, method_id: int) -> list[Step]:
        query = select(DeliveryPrice.up_to_grams, DeliveryPrice.price).where(DeliveryPrice.method_id == method_id)
        return [Step(*row) for row in await self._session.execute(query.order_by(DeliveryPrice.up_to_grams))]

    async def _take_turns(self) -> None:
        await self._session.execute(select(func.pg_advisory_xact_lock(CHANGES_LOCK)))

    async def _collects(self) -> int:
        """How many ways to collect are offered. Nobody else changes that until the transaction ends."""
        await self._take_turns()
        offered = select(func.count()).select_from(DeliveryMethod).join(Location)
        found = await self._session.scalar(offered.where(DeliveryMethod.is_active, Location.is_active))
        return found or 0

    async def _keep_collecting(self, offered_before: int, *, sure: bool) -> None:
        if offered_before and not sure and not await self._collects():
            raise LastCollectMethod
