"""Pages for browsers where there is nothing to show them; every other client gets the problem document."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from app.core.problems import on_http_error
from app.web.errors import error_page
from app.web.route import HEADERS, PageRoute
from app.web.visitor import AnyVisitor


def is_browser(request: Request) -> bool:
    """Whether somebody follows an address and can read a page."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


async def show_not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The page for a path that nothing fits, with the frame of the shop."""
    scope.update(_NOWHERE.matches(scope)[1])
    await _NOWHERE.handle(scope, receive, send)


async def _not_found(request: Request, _: AnyVisitor) -> Response:
    detail = "There is no such page; the address may be mistyped."
    return error_page(request, 404, "Page not found", detail, {"Vary": "Accept"})


_NOWHERE = PageRoute("/{path:path}", _not_found, methods=["GET"], include_in_schema=False)


def too_large_form(request: Request, refusal: Response) -> Response:
    """The page for a form with more text than the shop reads; every other client gets the refusal as it is."""
    forms = (route for route in request.app.router.routes if isinstance(route, PageRoute))
    if "text/html" not in request.headers.get("accept", "") or not any(
        route.matches(request.scope)[0] is Match.FULL for route in forms
    ):
        return refusal
    detail = "What you sent is more than the shop can take. Go back to the form, shorten it and send it again."
    return error_page(request, 413, "That is too much", detail, HEADERS | {"Cache-Control": "no-store"})


def install(app: FastAPI) -> None:
    """Have a browser that opens the address of a form get a page."""
    app.add_exception_handler(HTTPException, _on_http_error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    answer = await on_http_error(request, error)
    is_form = isinstance(request.scope.get("route"), PageRoute)
    if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED or not is_form or not is_browser(request):
        return answer
    detail = "What stands here is done by a form. Go back to the page with the form, and send it again."
    return error_page(request, 405, "Nothing to see here", detail, HEADERS | {"Allow": answer.headers["Allow"]})
