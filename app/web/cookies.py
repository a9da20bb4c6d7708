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

from app.core.keys import KeyRing
from app.core.parts import KEYS, SETTINGS

SESSION: Final = "bookstore_session"
GUEST: Final = "bookstore_guest"
FLASH: Final = "bookstore_flash"
BROWSER: Final = "bookstore_browser"
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
    return _form_token(_form_keys(request).signing, anchor)


def is_form_token(request: Request, anchor: str, given: str) -> bool:
    """Whether it is the token of that anchor, under the key of new forms or one before it."""
    made = [_form_token(key, anchor).encode() for key in _form_keys(request).accepted]
    return any(hmac.compare_digest(given.encode("utf-8", "replace"), token) for token in made)


def _form_keys(request: Request) -> KeyRing:
    return KEYS.of(request).forms


def _form_token(key: bytes, anchor: str) -> str:
    return hmac.digest(key, f"form:{anchor}".encode(), "sha256").hex()


def _name(request: Request, name: str) -> str:
    return f"__Host-{name}" if SETTINGS.of(request).is_https else name


def _manners(request: Request) -> "_Manners":
    return {"path": "/", "secure": SETTINGS.of(request).is_https, "httponly": True, "samesite": "lax"}


class _Manners(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax"]


def _signer(request: Request, name: str) -> URLSafeSerializer:
    """HMAC with SHA-256. Baskets of guests that the library's own SHA-1 signed, as once, are still read."""
    keys = KEYS.of(request).cookies.oldest_first
    signing = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeSerializer(keys, salt=name, signer_kwargs=signing, fallback_signers=[{}])
