"""Where a page of a list begins."""

from fastapi import Request

from app.core.errors import InvalidRequest
from app.core.paging import Cursors, Position
from app.core.values import INT_MAX
from app.web.errors import Answered
from app.web.route import see_other


def page_begins(request: Request, cursors: Cursors, scope: str, start: str, max_id: int = INT_MAX) -> Position | None:
    """Where the page of the list begins that the address asks for.

    A cursor that is none, or is of another list or too old, leads to the `start` of the list.
    """
    try:
        return cursors.position(scope, request.query_params.get("cursor"), max_id)
    except InvalidRequest as error:
        raise Answered(see_other(start)) from error
