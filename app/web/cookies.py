"""The cookies of the pages: the session, what a guest carries, and a word for the next page."""

import hmac
from typing import Any, Final

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeSerializer

from app.core.keys import KeyRing

SESSION: Final = "bookstore_session"
GUEST: Final = "bookstore_guest"
WORD: Final = "bookstore_word"
BROWSER: Final = "bookstore_browser"
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
YEAR_SECONDS: Final = 365 * 86400


def read_signed(request: Request, name: str) -> Any:
    """What we wrote into that cookie, or None."""
    try:
        return _signer(request, name).loads(request.cookies.get(name, ""))
    except BadData:
        return None


def write_signed(request: Request, response: Response, name: str, value: object, seconds: int) -> None:
    """Sign and set."""
    write(request, response, name, str(_signer(request, name).dumps(value)), seconds)


def write(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """For this site alone, out of reach of scripts, and encrypted on its way unless it stays on this machine."""
    secure = request.url.hostname not in LOOPBACK
    response.set_cookie(name, value, max_age=seconds, secure=secure, httponly=True, samesite="lax")


def forget(request: Request, response: Response, name: str) -> None:
    """Delete the cookie."""
    response.delete_cookie(name, secure=request.url.hostname not in LOOPBACK, httponly=True, samesite="lax")


def form_token(request: Request, anchor: str) -> str:
    """What proves that a form came from our page: nobody without the key and the cookie `anchor` can make it."""
    return _form_token(_form_keys(request).signing, anchor)


def is_form_token(request: Request, anchor: str, given: str) -> bool:
    """Whether it is the token of that anchor, under the key of new forms or one before it."""
    made = [_form_token(key, anchor).encode() for key in _form_keys(request).accepted]
    return any(hmac.compare_digest(given.encode("utf-8", "replace"), token) for token in made)


def _form_keys(request: Request) -> KeyRing:
    return request.app.state.keys.forms  # type: ignore[no-any-return]


def _form_token(key: bytes, anchor: str) -> str:
    return hmac.digest(key, f"form:{anchor}".encode(), "sha256").hex()


def _signer(request: Request, name: str) -> URLSafeSerializer:
    return URLSafeSerializer(request.app.state.keys.cookies.oldest_first, salt=name)
