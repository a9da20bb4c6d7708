"""The ways of delivery and what they cost; an overview of all that belongs to delivery."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Path, Request, Response

from app.core.values import Id
from app.delivery.deps import Desk
from app.delivery.desk import Kept
from app.delivery.given import MethodGiven, StepGiven, steps_in_order
from app.delivery.models import DeliveryMethod
from app.delivery.rules import Kind, Step
from app.web.access import Staff
from app.web.forms import Form, Sent
from app.web.page import PageContext, render
from app.web.route import PrivatePageRoute, see_other
from app.web.staff.delivery_forms import HOME, Refusing, RowPage, gone, shown, version_of
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PrivatePageRoute)
SPARE_ROWS = 3
RowId = Annotated[Id, Path()]


@dataclass(frozen=True, slots=True)
class DeliveryPage(PageContext):
    """All that the shop has."""

    template: ClassVar[str] = "staff/delivery.html"
    kept: Kept

    @property
    def places(self) -> dict[tuple[str, int], str]:
        """Where a method goes to, by its kind and the id it names."""
        locations = {("collect", location.id): location.name for location in self.kept.locations}
        return locations | {("ship", zone.id): zone.name for zone in self.kept.zones}


@dataclass(frozen=True, slots=True)
class MethodPage(RowPage):
    """The form of a method; None for a new one. `stored` are its prices."""

    template: ClassVar[str] = "staff/delivery_method.html"
    method: DeliveryMethod | None
    stored: Sequence[Step]
    kept: Kept

    @property
    def version(self) -> int:
        return self.method.version if self.method else 0

    @property
    def kind(self) -> str:
        given = self.form.get("kind") or (self.method.kind if self.method else "")
        return given if given in set(Kind) else Kind.SHIP.value

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Weights and prices as they were typed, else as they are stored, and some rows to fill in."""
        lists = self.form.lists
        if self.form.values:
            rows = list(zip(lists.get("up_to_grams", []), lists.get("step_price", []), strict=False))
        else:
            rows = [(str(step.up_to_grams or ""), f"{step.price:f}") for step in self.stored]
        filled = [row for row in rows if any(cell.strip() for cell in row)]
        return filled + [("", "")] * SPARE_ROWS

    @property
    def locations(self) -> list[tuple[int, str]]:
        return [(location.id, location.name) for location in self.kept.locations]

    @property
    def zones(self) -> list[tuple[int, str]]:
        return [(zone.id, zone.name) for zone in self.kept.zones]


@router.get("/staff/delivery")
async def show_delivery(request: Request, _: Staff, desk: Desk) -> Response:
    """Locations, zones and methods."""
    return render(request, DeliveryPage(await desk.all()))


@router.get("/staff/delivery/methods/new")
async def new_method(request: Request, _: Staff, desk: Desk) -> Response:
    """The form of a new method; `kind` in the address says which."""
    kind = request.query_params.get("kind", "")
    form = Form() if kind != Kind.COLLECT else Form(values={"kind": kind, "is_active": "1"})
    return shown(request, MethodPage(form, None, [], await desk.all()))


@router.get("/staff/delivery/methods/{method_id:int}")
async def show_method(request: Request, method_id: RowId, _: Staff, desk: Desk) -> Response:
    """The form of a method."""
    return shown(request, MethodPage(Form(), *await desk.method(method_id), await desk.all()))


@router.post("/staff/delivery/methods/new")
async def add_method(request: Request, sent: Sent, staff: Staff, visitor: AnyVisitor, desk: Desk) -> Response:
    """Make a method."""
    return await _save_method(request, MethodPage(sent, None, [], await desk.all()), staff, visitor, desk)


@router.post("/staff/delivery/methods/{method_id:int}")
async def change_method(
    request: Request, method_id: RowId, sent: Sent, staff: Staff, visitor: AnyVisitor, desk: Desk
) -> Response:
    """Change or delete it."""
    page = MethodPage(sent, *await desk.method(method_id), await desk.all())
    return await _save_method(request, page, staff, visitor, desk)


async def _save_method(request: Request, page: MethodPage, staff: Staff, visitor: AnyVisitor, desk: Desk) -> Response:
    sent, method, sure = page.form, page.method, page.form.get("sure") == "1"
    if method and sent.get("do") == "delete":
        async with Refusing(request, page):
            await desk.delete_method(method.id, version_of(sent), staff, sure=sure)
        return gone(visitor, method.name)
    given, steps = sent.parse(MethodGiven), _steps(sent)
    if given:
        _consider(sent, given, steps)
    if given is None or sent.errors:
        return shown(request, page)
    async with Refusing(request, page):
        await desk.save_method(method.id if method else None, given, steps, version_of(sent), staff, sure=sure)
    visitor.flash("Saved.")
    return see_other(HOME)


def _consider(sent: Form, given: MethodGiven, steps: Sequence[Step]) -> None:
    """What no single field tells."""
    target = "location_id" if given.kind == "collect" else "zone_id"
    if getattr(given, target) is None:
        sent.errors[target] = "Please choose one. If there is none yet, make it first."
    if (given.min_days is None) != (given.max_days is None):
        sent.errors["max_days"] = "Please give both numbers of days, or neither."
    elif given.min_days is not None and given.max_days is not None and given.min_days > given.max_days:
        sent.errors["max_days"] = "It cannot be less than the fewest days."
    if given.kind == "ship" and not steps:
        sent.errors.setdefault("prices", "Please give a price, 0 if it costs nothing.")


def _steps(sent: Form) -> list[Step]:
    """The rows of prices that are filled in; what is wrong with them stands beside them."""
    weights, prices = sent.lists.get("up_to_grams", []), sent.lists.get("step_price", [])
    steps = []
    for row, (grams, price) in enumerate(zip(weights, prices, strict=False), 1):
        if not grams.strip() and not price.strip():
            continue
        cells = Form(values={"up_to_grams": grams, "price": price})
        step = cells.parse(StepGiven)
        if step is None:
            sent.errors.setdefault("prices", f"Row {row}: {next(iter(cells.errors.values()))}")
        else:
            steps.append(step.step)
    try:
        return steps_in_order(steps)
    except ValueError as error:
        sent.errors.setdefault("prices", str(error))
        return []
