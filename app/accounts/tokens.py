"""Access tokens (signed, short-lived) and the opaque tokens of sessions and links (kept as digests)."""

import hashlib
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid4

import jwt

from app.accounts.errors import TokenExpired, TokenInvalid
from app.accounts.models import UserRole
from app.core.values import INT_MAX

ALGORITHM = "HS256"
OPAQUE_BYTES = 64
REMEMBERED_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says. The role in it is for clients; the account's row decides."""

    user_id: int
    session_id: UUID


def issue_access_token(key: str, *, user_id: int, role: UserRole, session_id: UUID, lifetime_minutes: int) -> str:
    """A signed token, valid from now for the lifetime."""
    issued = int(time.time())
    claims = {
        "sub": str(user_id),
        "role": role.value,
        "jti": str(uuid4()),
        "sid": str(session_id),
        "iat": issued,
        "exp": issued + lifetime_minutes * 60,
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def read_access_token(keys: tuple[bytes, ...], token: str) -> AccessClaims:
    """The claims of a token that one of the keys signed.

    Raises:
        TokenExpired: signed by us, but past its time.
        TokenInvalid: anything else that is wrong with it.
    """
    claims, expires = _verified(keys, token)
    if expires <= time.time():
        raise TokenExpired
    return claims


@lru_cache(maxsize=REMEMBERED_TOKENS)
def _verified(keys: tuple[bytes, ...], token: str) -> tuple[AccessClaims, int]:
    """The claims and the expiry (seconds since 1970) of a token, looked into once: a client sends it often."""
    for key in keys[:-1]:
        with suppress(TokenInvalid):
            return _signed_with(key, token)
    return _signed_with(keys[-1], token)


def _signed_with(key: bytes, token: str) -> tuple[AccessClaims, int]:
    try:
        required = ["sub", "sid", "jti", "iat", "exp"]
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], options={"require": required})
        return AccessClaims(_user_id(claims["sub"]), UUID(claims["sid"])), int(claims["exp"])
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TokenInvalid from error


def _user_id(subject: str) -> int:
    number = int(subject)
    if not 0 < number <= INT_MAX:
        raise ValueError("no account can have this id")
    return number


def opaque_token() -> str:
    """86 URL-safe characters from 64 random bytes."""
    return secrets.token_urlsafe(OPAQUE_BYTES)


def digest(token: str) -> str:
    """SHA-256 in hex: what is kept of an opaque token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
