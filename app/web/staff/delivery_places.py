"""Where orders are collected and the zones they are sent to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from app.core.values import Id
from app.delivery.deps import Desk
from app.delivery.given import LocationGiven, Name, areas_of, parts_text
from app.delivery.models import DeliveryZone, Location
from app.delivery.rules import Area
from app.web.access import Staff
from app.web.forms import Form, Sent
from app.web.page import render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.countries import KNOWN, choices, country_name, grouped, ticked_with
from app.web.staff.delivery_forms import HOME, Refusing, RowPage, gone, shown, version_of
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
RowId = Annotated[Id, Path()]


@dataclass(frozen=True, slots=True)
class LocationPage(RowPage):
    """The form of a location; None for a new one."""

    template: ClassVar[str] = "staff/delivery_location.html"
    location: Location | None

    @property
    def version(self) -> int:
        return self.location.version if self.location else 0

    @property
    def countries(self) -> list[tuple[str, str]]:
        return [("", "No address yet"), *choices()]

    @property
    def address(self) -> dict[str, Any]:
        return (self.location.address if self.location else None) or {}


@dataclass(frozen=True, slots=True)
class ZonePage(RowPage):
    """The form of a zone; None for a new one. `stored` are its areas."""

    template: ClassVar[str] = "staff/delivery_zone.html"
    zone: DeliveryZone | None
    stored: Sequence[Area]

    @property
    def version(self) -> int:
        return self.zone.version if self.zone else 0

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return grouped()

    @property
    def ticked(self) -> frozenset[str]:
        """The boxes that are ticked."""
        if self.form.values:
            return frozenset(self.form.lists.get("countries", []))
        return frozenset(area.country for area in self.stored if not area.region and not area.postal_prefix)

    @property
    def parts(self) -> str:
        return parts_text(self.stored)

    @property
    def summary(self) -> str:
        """What is stored now, in a sentence."""
        whole = sorted(
            country_name(area.country) for area in self.stored if not area.region and not area.postal_prefix
        )
        return ", ".join([*whole, *self.parts.splitlines()])


class _Zone(BaseModel):
    name: Name


@router.get("/staff/delivery/locations/new")
async def new_location(request: Request, _: Staff) -> Response:
    """The form of a new location."""
    return shown(request, LocationPage(Form(), None))


@router.get("/staff/delivery/locations/{location_id:int}")
async def show_location(request: Request, location_id: RowId, _: Staff, desk: Desk) -> Response:
    """The form of a location."""
    return shown(request, LocationPage(Form(), await desk.location(location_id)))


@router.post("/staff/delivery/locations/new")
async def add_location(request: Request, sent: Sent, staff: Staff, visitor: AnyVisitor, desk: Desk) -> Response:
    """Make a location."""
    return await _save_location(request, None, sent, staff, visitor, desk)


@router.post("/staff/delivery/locations/{location_id:int}")
async def change_location(
    request: Request, location_id: RowId, sent: Sent, staff: Staff, visitor: AnyVisitor, desk: Desk
) -> Response:
    """Change or delete it."""
    return await _save_location(request, await desk.location(location_id), sent, staff, visitor, desk)


async def _save_location(
    request: Request, location: Location | None, sent: Form, staff: Staff, visitor: AnyVisitor, desk: Desk
) -> Response:
    page = LocationPage(sent, location)
    if location and sent.get("do") == "delete":
        async with Refusing(request, page):
            await desk.delete_location(location.id, version_of(sent), staff)
        return gone(visitor, location.name)
    given = sent.parse(LocationGiven)
    if given and given.country and given.country not in KNOWN:
        sent.errors["country"] = "Please choose a country of the list."
    elif given and not given.country and any((given.street, given.city, given.postal_code, given.region)):
        sent.errors["country"] = "Please choose the country of the address."
    if given is None or sent.errors:
        return shown(request, page)
    async with Refusing(request, page):
        row_id = location.id if location else None
        await desk.save_location(row_id, given, version_of(sent), staff, sure=sent.get("sure") == "1")
    visitor.flash("Saved.")
    return see_other(HOME)


@router.get("/staff/delivery/zones/new")
async def new_zone(request: Request, _: Staff) -> Response:
    """The form of a new zone."""
    return shown(request, ZonePage(Form(), None, []))


@router.get("/staff/delivery/zones/{zone_id:int}")
async def show_zone(request: Request, zone_id: RowId, _: Staff, desk: Desk) -> Response:
    """The form of a zone."""
    return shown(request, ZonePage(Form(), *await desk.zone(zone_id)))


@router.post("/staff/delivery/zones/new")
async def add_zone(request: Request, sent: Sent, staff: Staff, visitor: AnyVisitor, desk: Desk) -> Response:
    """Make a zone."""
    return await _save_zone(request, ZonePage(sent, None, []), staff, visitor, desk)


@router.post("/staff/delivery/zones/{zone_id:int}")
async def change_zone(
    request: Request, zone_id: RowId, sent: Sent, staff: Staff, visitor: AnyVisitor, desk: Desk
) -> Response:
    """Change or delete it."""
    return await _save_zone(request, ZonePage(sent, *await desk.zone(zone_id)), staff, visitor, desk)


async def _save_zone(request: Request, page: ZonePage, staff: Staff, visitor: AnyVisitor, desk: Desk) -> Response:
    """A group is ticked as a whole by a button, which shows the form again and saves nothing."""
    sent, zone = page.form, page.zone
    if group := sent.get("tick"):
        sent.lists["countries"] = ticked_with(sent.lists.get("countries", []), group)
        return render(request, page)
    if zone and sent.get("do") == "delete":
        async with Refusing(request, page):
            await desk.delete_zone(zone.id, version_of(sent), staff)
        return gone(visitor, zone.name)
    given = sent.parse(_Zone)
    areas: set[Area] = set()
    try:
        areas = areas_of(sent.lists.get("countries", []), sent.get("parts"), KNOWN)
    except ValueError as error:
        sent.errors["parts"] = str(error)
    if given is None or sent.errors:
        return shown(request, page)
    async with Refusing(request, page):
        await desk.save_zone(zone.id if zone else None, given.name, areas, version_of(sent), staff)
    visitor.flash("Saved.")
    return see_other(HOME)
