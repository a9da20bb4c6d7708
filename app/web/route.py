"""The route of pages: its forms are ours or refused, its errors are pages, its answers carry a strict policy."""

import hashlib
import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from app.accounts.security.kinds import Kind
from app.accounts.security.noting import note_refusal
from app.core.body_limit import MAX_FIELDS
from app.core.db.route import TransactionRoute
from app.core.errors import DomainError, InvalidRequest
from app.core.middleware import storable_text
from app.web.errors import Answered, error_page
from app.web.visitor import brings_form_token, visitor_of

log = logging.getLogger(__name__)

FORM_TOKEN, FORM_TOKEN_HEADER = "csrf", "X-CSRF-Token"
POLICY = (
    "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "frame-src 'self'; img-src 'self' data:; manifest-src 'self'; script-src 'self'; style-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class PageRoute(TransactionRoute):
    """A page is a transaction like any other operation. Its handlers need not think of foreign forms or of errors."""

    cache_control = "private, no-cache"

    @staticmethod
    async def require_own_form(request: Request) -> None:
        """Raises HTTPException unless a page of ours, of this very session, sends the form."""
        require_same_site(request)
        given = request.headers.get(FORM_TOKEN_HEADER) or (await request.form(max_fields=MAX_FIELDS)).get(FORM_TOKEN)
        require_token(request, given)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, guarded."""
        handle = super().get_route_handler()

        async def as_page(request: Request) -> Response:
            response = await _answer(handle, request, self.require_own_form)
            visitor_of(request).write_cookies(request, response)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers.setdefault("Cache-Control", self.cache_control)
            await request.close()
            return _unless_known(request, response)

        return as_page


class PrivatePageRoute(PageRoute):
    """Pages that no cache may keep, not even that of the reader's own browser."""

    cache_control = "no-store"


async def _answer(
    handle: Callable[[Request], Coroutine[Any, Any, Response]],
    request: Request,
    require_own_form: Callable[[Request], Coroutine[Any, Any, None]],
) -> Response:
    try:
        await storable_text(request)
        if request.method not in {"GET", "HEAD"}:
            await require_own_form(request)
        return await handle(request)
    except Answered as answered:
        return answered.response
    except (RequestValidationError, InvalidRequest):
        return error_page(request, 404, "Page not found", "There is no such page; the address may be mistyped.")
    except DomainError as error:
        wait = error.retry_after()
        headers = {} if wait is None else {"Retry-After": str(wait)}
        return error_page(request, error.status, error.title, error.detail, headers)
    except HTTPException as error:
        return error_page(request, error.status_code, HTTPStatus(error.status_code).phrase, error.detail)
    except Exception:
        log.exception("unforeseen fault")
        return error_page(request, 500, "Something went wrong", "The fault is ours, and nothing was changed.")


def require_same_site(request: Request) -> None:
    """Refuse what another site sends in the visitor's name."""
    origin = request.headers.get("origin")
    if origin and origin.partition("://")[2] != request.headers.get("host"):
        raise _foreign("other_site", "This form was sent from another site.")
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise _foreign("other_site", "This form was sent from another site.")


def require_token(request: Request, given: object, path: str = "") -> None:
    """Refuse what a page of another session sends; given a path, what was made for another one as well."""
    if not brings_form_token(request, given, path):
        raise _foreign("token", "This form is too old: go back, load the page again and send it once more.")


def _foreign(reason: str, sentence: str) -> HTTPException:
    note_refusal(Kind.FORM_REFUSED, reason=reason)
    return HTTPException(403, sentence)


def _unless_known(request: Request, response: Response) -> Response:
    """304 when the browser has this very page."""
    if (
        request.method != "GET"
        or response.status_code != HTTPStatus.OK
        or "no-store" in response.headers["Cache-Control"]
    ):
        return response
    tag = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()[:20]}"'
    response.headers["ETag"] = tag
    if tag not in request.headers.get("if-none-match", ""):
        return response
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    known = Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)
    known.raw_headers.extend(pair for pair in response.raw_headers if pair[0] == b"set-cookie")
    return known


def wants_json(request: Request) -> bool:
    """Whether a script asks, which shows the answer itself."""
    return request.headers.get("accept", "").startswith("application/json")


def see_other(path: str) -> RedirectResponse:
    """After a form: look at that page."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
