"""What the forms of locations, zones and methods share."""

from dataclasses import dataclass

from fastapi import Request, Response

from app.core.errors import DomainError
from app.delivery.errors import DeliveryChanged
from app.web.errors import Answered
from app.web.forms import Form
from app.web.page import PageContext, render
from app.web.route import see_other
from app.web.staff.query_params import number
from app.web.visitor import AnyVisitor

HOME = "/staff/delivery"


@dataclass(frozen=True, slots=True)
class RowPage(PageContext):
    """The form of a row."""

    form: Form

    @property
    def version(self) -> int:
        """Of the row as it is stored; 0 for a new one."""
        return 0


class Refusing:
    """What a rule of the shop says no to is shown on the form, with all that was typed; nothing is stored."""

    def __init__(self, request: Request, page: RowPage) -> None:
        self._request, self._page = request, page

    async def __aenter__(self) -> None:
        """Nothing to prepare."""

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, DomainError):
            self._page.form.refuse(error)
            if isinstance(error, DeliveryChanged):
                self._page.form.values["version"] = str(self._page.version)
            raise Answered(shown(self._request, self._page)) from error


def version_of(sent: Form) -> int:
    """Which version the form was made of: a hidden field. Of a new row there is none."""
    return number(sent.get("version")) or 0


def shown(request: Request, page: RowPage) -> Response:
    return render(request, page, 422 if page.form.errors else 200)


def gone(visitor: AnyVisitor, name: str) -> Response:
    visitor.flash(f"“{name}” is gone. Orders keep what they say of it.")
    return see_other(HOME)
