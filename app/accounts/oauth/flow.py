"""What a browser carries from its departure to a provider until its return, signed."""

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import astuple, dataclass, field
from typing import Self

from itsdangerous import BadData, URLSafeSerializer

from app.core.keys import KeyRing

LIFE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Flow:
    """The secrets of one sign-in: `state` returns with the browser, `nonce` in the id token; `verifier` is PKCE's."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    started: int  # seconds since 1970

    @classmethod
    def begin(cls) -> Self:
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(64), secrets.token_urlsafe(32), int(time.time()))

    @property
    def challenge(self) -> str:
        """The verifier under SHA-256, as PKCE's method S256 has it."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")


def seal(keys: KeyRing, provider: str, flow: Flow) -> str:
    """The value of the cookie; good for that provider alone."""
    return _serializer(keys, provider).dumps(astuple(flow))


def unseal(keys: KeyRing, provider: str, sealed: str) -> Flow | None:
    """The flow of a cookie, unless it is forged, too old or made for another provider."""
    try:
        said = _serializer(keys, provider).loads(sealed)
    except BadData:
        return None
    match said:
        case [str(state), str(verifier), str(nonce), int(started)] if abs(int(time.time()) - started) < LIFE_SECONDS:
            return Flow(state, verifier, nonce, started)
        case _:
            return None


def _serializer(keys: KeyRing, provider: str) -> URLSafeSerializer:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(keys.oldest_first, salt=f"oauth flow {provider}", signer_kwargs=signing)
