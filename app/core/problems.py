"""Errors on the wire: RFC 9457 problem documents. Codes, statuses and titles are those of the domain errors."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from app.core.errors import DomainError, InvalidInput

MEDIA_TYPE = "application/problem+json"


def domain_problem(error: DomainError) -> JSONResponse:
    """The answer for a rule that said no."""
    status, wait = int(error.status), error.retry_after()
    body: dict[str, object] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": status,
        "code": error.code,
        "detail": error.detail,
    }
    if error.field:
        body["field"] = error.field
    return _answer(status, body | error.members(), {} if wait is None else {"Retry-After": str(wait)})


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


def invalid_input(*loc: str | int, message: str, kind: str = "value_error") -> RequestValidationError:
    """A validation error found by our own code; `loc` as in `("query", "cursor")`. The message repeats no input."""
    return RequestValidationError([{"loc": loc, "msg": message, "type": kind}])


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """All that is wrong with the request, without repeating any of its values."""
    listed: list[dict[str, Any]] = [
        {"loc": list(error["loc"]), "msg": _message(error), "type": error["type"]} for error in errors
    ]
    place = [part for part in listed[0]["loc"][1:] if isinstance(part, str)]
    message = str(listed[0]["msg"])
    detail = f"{place[-1]}: {message}" if place else message
    return domain_problem(_InvalidRequest(detail, place[-1] if place else None, listed))


class _InvalidRequest(InvalidInput):
    """What FastAPI and pydantic found wrong."""

    def __init__(self, detail: str, field: str | None, errors: list[dict[str, Any]]) -> None:
        super().__init__(detail)
        self.field, self.errors = field, errors

    def members(self) -> dict[str, object]:
        return {"errors": self.errors}


def _message(error: Mapping[str, Any]) -> str:
    return str(error["msg"]).removeprefix("Value error, ")


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
