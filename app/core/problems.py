"""Errors on the wire: RFC 9457 problem documents. Codes, statuses and titles are those of the domain errors."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from app.core.errors import DomainError, InvalidRequest

MEDIA_TYPE = "application/problem+json"


def domain_problem(error: DomainError) -> JSONResponse:
    """The answer for a rule that said no."""
    wait = error.retry_after()
    return _answer(int(error.status), error.document(), {} if wait is None else {"Retry-After": str(wait)})


def framework_problem(
    status: int, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer for what HTTP itself refuses: unknown paths, wrong methods, undecodable bodies."""
    phrase = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": phrase, "status": status, "code": f"HTTP_{status}"}
    return _answer(status, body | {"detail": detail or phrase}, dict(headers or {}))


def _answer(status: int, body: dict[str, object], headers: dict[str, str]) -> JSONResponse:
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """The answer for what FastAPI and pydantic found wrong."""
    return domain_problem(InvalidRequest(errors))


async def _on_domain_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for this class
    return domain_problem(error)


async def _on_validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    return validation_problem(error.errors())


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """The answer for what HTTP itself refuses; of a wrong method it tells the right ones."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_allowed_methods(request)))
    return framework_problem(error.status_code, str(error.detail), headers)


def _allowed_methods(request: Request) -> set[str]:
    """All methods of the path; the router itself would name only those of the first route that fits.

    Of several that fit (`/orders/checkout`, `/orders/{order_id}`) the one with the fewest parameters counts.
    """
    by_path: dict[str, set[str]] = {}
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            by_path.setdefault(route.path, set()).update(route.methods or ())
    return by_path[min(by_path, key=lambda path: path.count("{"))]


def install(app: FastAPI) -> None:
    """Register the handlers. The unforeseen is answered by `app.core.middleware`, inside CORS."""
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, on_http_error)
