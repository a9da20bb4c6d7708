"""The front door."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request, Response

from app.web.page import Page, render
from app.web.route import PageRoute
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@dataclass(frozen=True, slots=True)
class HomePage(Page):
    """The home page."""

    template: ClassVar[str] = "home.html"


@router.get("/")
async def home(request: Request, _: AnyVisitor) -> Response:
    """What the shop is and what is new in it."""
    return render(request, HomePage())
