"""The cookies of the pages: the session, what a guest carries, and a word for the next page.

Behind https, so says PUBLIC_BASE_URL, their names begin with `__Host-`: a browser takes such a cookie only from this
very host, encrypted and for all of its paths, so that no other host of the domain, and nobody on the way, can plant
one. That is why the bare name is never read there, not even of a browser that had it before. Over http, which is for
development, browsers would refuse all of that.
"""

import hmac
from hashlib import sha256
from typing import Any, Final, Literal, TypedDict

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeSerializer

SESSION: Final = "bookstore_session"
GUEST: Final = "bookstore_guest"
WORD: Final = "bookstore_word"
YEAR_SECONDS: Final = 365 * 86400


def read(request: Request, name: str) -> str | None:
    """What the browser sent as that cookie."""
    return request.cookies.get(_name(request, name))


def read_signed(request: Request, name: str) -> Any:
    """What we wrote into that cookie, or None."""
    try:
        return _signer(request, name).loads(read(request, name) or "")
    except BadData:
        return None


def write_signed(request: Request, response: Response, name: str, value: object, seconds: int) -> None:
    """Sign and set."""
    write(request, response, name, str(_signer(request, name).dumps(value)), seconds)


def write(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """For this site alone, out of reach of scripts, and encrypted on its way."""
    response.set_cookie(_name(request, name), value, max_age=seconds, **_manners(request))


def forget(request: Request, response: Response, name: str) -> None:
    """Delete the cookie."""
    response.delete_cookie(_name(request, name), **_manners(request))


def form_token(request: Request, anchor: str) -> str:
    """What proves that a form came from our page: nobody without the key and the cookie `anchor` can make it."""
    key: str = request.app.state.signing_key
    return hmac.new(key.encode(), f"form:{anchor}".encode(), sha256).hexdigest()


def _name(request: Request, name: str) -> str:
    return f"__Host-{name}" if request.app.state.settings.is_https else name


def _manners(request: Request) -> "_Manners":
    return {"path": "/", "secure": request.app.state.settings.is_https, "httponly": True, "samesite": "lax"}


class _Manners(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax"]


def _signer(request: Request, name: str) -> URLSafeSerializer:
    return URLSafeSerializer(request.app.state.signing_key, salt=name)
