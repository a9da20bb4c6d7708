"""The cookies of the pages: the session, what a guest carries, and a word for the next page."""

import hmac
from hashlib import sha256
from typing import Any, Final

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeSerializer

SESSION: Final = "bookstore_session"
GUEST: Final = "bookstore_guest"
WORD: Final = "bookstore_word"
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
    key: str = request.app.state.signing_key
    return hmac.new(key.encode(), f"form:{anchor}".encode(), sha256).hexdigest()


def _signer(request: Request, name: str) -> URLSafeSerializer:
    """HMAC with SHA-256. Baskets of guests that the library's own SHA-1 signed, as once, are still read."""
    signing = {"key_derivation": "hmac", "digest_method": sha256}
    key = request.app.state.signing_key
    return URLSafeSerializer(key, salt=name, signer_kwargs=signing, fallback_signers=[{}])
