"""Pages for browsers where there is nothing to show them; every other client gets the problem document."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from app.core.problems import on_http_error
from app.core.routing import RouteIndex
from app.web.errors import error_page
from app.web.route import FORM_TOKEN_HEADER, HEADERS, PageRoute, require_same_site, require_token
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


_UNREAD = {
    413: ("That is too much", "What you sent is more than the shop can take. Go back, shorten it and send it again."),
    415: ("The shop cannot read this", "What you sent is written in another way than the form of the shop sends it."),
    503: ("The shop is busy", "More people are here than the shop can serve at once. Please try again in a moment."),
}


def unread_form(request: Request, refusal: Response) -> Response:
    """The page for a request that the shop does not let in; every client but a browser gets the refusal as it is."""
    if refusal.status_code not in _UNREAD or "text/html" not in request.headers.get("accept", ""):
        return refusal
    if not _is_page(request):
        return refusal
    headers = HEADERS | {"Cache-Control": "no-store"}
    if "retry-after" in refusal.headers:
        headers["Retry-After"] = refusal.headers["retry-after"]
    return error_page(request, refusal.status_code, *_UNREAD[refusal.status_code], headers)


def refuse_foreign_form(request: Request) -> Response | None:
    """The answer to a form whose headers alone show that no page of ours sent it; its body need not be read.

    The route judges again, and judges the token where it stands in the body.
    """
    if not _is_page(request):
        return None
    try:
        require_same_site(request)
        if given := request.headers.get(FORM_TOKEN_HEADER):
            require_token(request, given)
    except HTTPException as error:
        title = HTTPStatus(error.status_code).phrase
        return error_page(request, error.status_code, title, error.detail, HEADERS | {"Cache-Control": "no-store"})
    return None


def _is_page(request: Request) -> bool:
    index: RouteIndex = request.app.router.middleware_stack
    group = index.group(request.scope["path"])
    pages = (route for route in group.routes if isinstance(route, PageRoute)) if group else ()
    return any(route.matches(request.scope)[0] is Match.FULL for route in pages)


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
