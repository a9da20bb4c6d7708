"""The basket page and what its forms do."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.core.errors import DomainError
from app.core.values import INT_MAX, Id
from app.orders.pricing import price
from app.web.access import own_path
from app.web.buying.basket import BasketLine
from app.web.buying.deps import BasketDep
from app.web.errors import Answered
from app.web.forms import Sent
from app.web.page import PageContext, render
from app.web.route import PageRoute, see_other, wants_json
from app.web.visitor import AnyVisitor, Visitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)


class BasketForm(BaseModel):
    """Copies of a book; none take it out."""

    book_id: Id
    quantity: Annotated[int, Field(ge=0, le=INT_MAX)] = 1


@dataclass(frozen=True, slots=True)
class BasketPage(PageContext):
    """The basket as it is now; `can_order` when every line can be had, `is_over` where these are not all of them."""

    template: ClassVar[str] = "buying/basket.html"
    lines: list[BasketLine]
    total: Decimal
    is_over: bool

    @property
    def can_order(self) -> bool:
        return bool(self.lines) and not any(line.short for line in self.lines)


@router.get("/basket")
async def show_basket(request: Request, basket: BasketDep) -> Response:
    """What the visitor collected, at the prices of now."""
    lines = await basket.lines()
    return render(request, BasketPage(lines, price(lines).grand_total, await basket.is_over()))


@router.post("/basket/add")
async def add(request: Request, sent: Sent, basket: BasketDep, visitor: AnyVisitor) -> Response:
    """Put copies in; from a script the new count, else back to the page."""
    wanted = sent.parse(BasketForm)
    goal = own_path(sent.get("next"), "/basket")
    if wanted is None or wanted.quantity == 0:
        return _said(request, visitor, goal, "Please choose how many copies you would like.", good=False)
    try:
        await basket.add(wanted.book_id, wanted.quantity)
    except DomainError as error:
        raise Answered(_said(request, visitor, goal, error.detail, good=False)) from error
    return _said(request, visitor, goal, "Added to your basket.")


@router.post("/basket/change")
async def change(request: Request, sent: Sent, basket: BasketDep, visitor: AnyVisitor) -> Response:
    """Set the copies of a line, or take it out."""
    wanted = sent.parse(BasketForm)
    if wanted is None:
        return _said(request, visitor, "/basket", "Please enter a whole number of copies.", good=False)
    await basket.set(wanted.book_id, wanted.quantity)
    return _said(request, visitor, "/basket", "Your basket is up to date." if wanted.quantity else "Taken out.")


def _said(request: Request, visitor: Visitor, goal: str, text: str, *, good: bool = True) -> Response:
    if wants_json(request):
        return JSONResponse({"text": text, "count": visitor.basket_count}, 200 if good else 409)
    visitor.flash(text, "good" if good else "bad")
    return see_other(goal)
