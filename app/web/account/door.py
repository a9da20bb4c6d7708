"""What the ways in have in common: the page with its form, and where it leads."""

from dataclasses import dataclass
from typing import Self

from fastapi import Request, Response

from app.core.parts import SETTINGS
from app.web.access import own_path
from app.web.account.providers import offered
from app.web.forms import Form
from app.web.page import PageContext, render
from app.web.route import see_other
from app.web.visitor import Visitor

HOME = "/account"


@dataclass(frozen=True, slots=True)
class DoorPage(PageContext):
    """A form that lets somebody in; `next` is where they wanted to go, `providers` are names and labels."""

    form: Form
    next: str
    providers: dict[str, str]

    @classmethod
    def shown(cls, request: Request, visitor: Visitor, goal: str) -> Response:
        """The empty form; who has signed in already goes on."""
        goal = own_path(goal, HOME)
        return see_other(goal) if visitor.caller else render(request, cls.of(request, Form(), goal))

    @classmethod
    def of(cls, request: Request, form: Form, goal: str) -> Self:
        """The page with this form."""
        return cls(form, goal, offered(SETTINGS.of(request)))
