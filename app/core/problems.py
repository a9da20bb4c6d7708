"""Errors on the wire: RFC 9457 problem documents, and the one table that gives each code its status and title."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from app.core.errors import DomainError

MEDIA_TYPE = "application/problem+json"

PROBLEMS: Mapping[str, tuple[int, str]] = {
    "VALIDATION_ERROR": (422, "Request is not valid"),
    "BODY_TOO_LARGE": (413, "Body too large"),
    "RATE_LIMITED": (429, "Too many attempts"),
    "BUSY_TRY_AGAIN": (503, "Busy, try again"),
    "NOT_READY": (503, "Not ready"),
    "INTERNAL_ERROR": (500, "Internal server error"),
    "AUTH_TOKEN_INVALID": (401, "Access token not valid"),
    "AUTH_TOKEN_EXPIRED": (401, "Access token expired"),
    "AUTH_ACCOUNT_DEACTIVATED": (403, "Account deactivated"),
    "AUTH_FORBIDDEN": (403, "Not allowed"),
    "AUTH_EMAIL_CONFLICT": (409, "E-mail address already registered"),
    "AUTH_INVALID_CREDENTIALS": (401, "Sign-in refused"),
    "AUTH_OAUTH_ONLY_ACCOUNT": (400, "Account has no password"),
    "AUTH_PASSWORD_INCORRECT": (400, "Password not correct"),
    "AUTH_PASSWORD_TOO_COMMON": (422, "Password too common"),
    "AUTH_LINK_INVALID": (400, "Link not valid"),
    "AUTH_REFRESH_INVALID": (401, "Refresh token not valid"),
    "AUTH_TOKEN_REUSE": (401, "Refresh token used before"),
    "AUTH_USER_INACTIVE": (401, "Account missing or inactive"),
    "AUTH_OAUTH_NOT_CONFIGURED": (404, "Sign-in provider not configured"),
    "AUTH_OAUTH_FAILED": (401, "Sign-in with the provider failed"),
    "AUTH_OAUTH_NO_EMAIL": (401, "No e-mail address from the provider"),
    "AUTH_OAUTH_EMAIL_UNVERIFIED": (401, "E-mail address not verified by the provider"),
    "AUTH_GOOGLE_INVALID_TOKEN": (401, "Google id token not valid"),
    "AUTH_PROVIDER_UNAVAILABLE": (503, "Sign-in provider out of reach"),
    "USER_NOT_FOUND": (404, "Account not found"),
    "ADMN_CANNOT_DEACTIVATE_ADMIN": (403, "Administrators stay active"),
    "USER_LAST_ADMIN": (409, "Only administrator"),
    "BOOK_NOT_FOUND": (404, "Book not found"),
    "BOOK_ISBN_CONFLICT": (409, "ISBN already in the catalogue"),
    "GENRE_NOT_FOUND": (404, "Genre not found"),
    "GENRE_CONFLICT": (409, "Genre already exists"),
    "GENRE_LIMIT": (409, "Too many genres"),
    "PAGE_TOO_DEEP": (422, "Page too deep"),
    "SEARCH_TOO_LONG": (422, "Too many words"),
    "STOCK_OUT_OF_RANGE": (409, "Stock out of range"),
    "CART_BOOK_OUT_OF_STOCK": (409, "Book out of stock"),
    "CART_ITEM_DUPLICATE": (409, "Book already in cart"),
    "CART_FULL": (409, "Cart full"),
    "CART_ITEM_NOT_FOUND": (404, "Cart line not found"),
    "CART_ITEM_FORBIDDEN": (403, "Not your cart line"),
    "ORDER_CART_EMPTY": (422, "Cart is empty"),
    "ORDER_PAYMENT_FAILED": (402, "Payment declined"),
    "ORDER_ITEMS_UNAVAILABLE": (409, "Books no longer sold"),
    "ORDER_INSUFFICIENT_STOCK": (409, "Not enough stock"),
    "ORDER_TOTAL_CHANGED": (409, "Total has changed"),
    "ORDER_TOO_LARGE": (409, "Too many titles for one order"),
    "ORDER_TOO_MANY_DECLINES": (429, "Too many declined payments"),
    "ORDER_NOT_FOUND": (404, "Order not found"),
    "ORDER_NOT_CANCELLABLE": (409, "Order cannot be cancelled"),
    "ORDER_CANCEL_TOO_LATE": (409, "Too late to cancel"),
    "REVIEW_NOT_FOUND": (404, "Review not found"),
    "NOT_REVIEW_OWNER": (403, "Not your review"),
    "NOT_PURCHASED": (403, "Book not bought"),
    "DUPLICATE_REVIEW": (409, "Book already reviewed"),
    "REVIEW_DUPLICATE": (409, "Book already reviewed"),
    "WISHLIST_ITEM_DUPLICATE": (409, "Book already on the wishlist"),
    "WISHLIST_ITEM_NOT_FOUND": (404, "Book not on the wishlist"),
    "WISHLIST_FULL": (409, "Wishlist full"),
    "PREBOOK_BOOK_IN_STOCK": (409, "Book in stock"),
    "PREBOOK_DUPLICATE": (409, "Already waiting for the book"),
    "PREBOOK_ALREADY_CANCELLED": (409, "Pre-booking already cancelled"),
    "PREBOOK_NOT_FOUND": (404, "Pre-booking not found"),
    "PREBOOK_LIMIT": (409, "Waiting for too many books"),
    "NOTICE_NOT_FOUND": (404, "Notice not found"),
    "UPLOAD_TYPE_UNSUPPORTED": (415, "Type of file not supported"),
    "UPLOAD_IMAGE_INVALID": (422, "Image not valid"),
    "MAIL_NOT_FOUND": (404, "Mail not found"),
    "MAIL_NOT_DEAD": (409, "Mail was not given up"),
    "IDEMPOTENCY_KEY_REUSED": (422, "Idempotency key used for another request"),
    "IDEMPOTENCY_IN_PROGRESS": (409, "First request still running"),
    "IDEMPOTENCY_KEYS_EXHAUSTED": (429, "Too many Idempotency-Keys"),
}


def problem(
    code: str,
    detail: str,
    *,
    field: str | None = None,
    members: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer for one of the codes of the table."""
    status, title = PROBLEMS[code]
    body: dict[str, object] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if field:
        body["field"] = field
    return _answer(status, body | dict(members or {}), dict(headers or {}))


def domain_problem(error: DomainError) -> JSONResponse:
    """The answer for a rule that said no."""
    wait = error.retry_after()
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return problem(error.code, error.detail, field=error.field, members=error.members(), headers=headers)


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
    return problem("VALIDATION_ERROR", detail, field=place[-1] if place else None, members={"errors": listed})


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
