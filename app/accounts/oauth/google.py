"""Google, and providers like it: OpenID Connect with a discovery document."""

import hmac
from typing import Any, ClassVar

import jwt

from app.accounts.oauth.cached import Cached, Clock
from app.accounts.oauth.errors import OAuthNoEmail, TokenRejected, Unreachable
from app.accounts.oauth.flow import Flow
from app.accounts.oauth.http import ProviderHttp
from app.accounts.oauth.identity import Identity, address, is_subject
from app.accounts.oauth.provider import OAuthClient, as_object, with_query
from app.core.addresses import private_address

SCOPE = "openid email profile"
ALGORITHM = "RS256"
LIFE_SECONDS = 3600  # of the discovery document and of the keys
REFETCH_SECONDS = 60  # keys fetched this short a time ago are not fetched again for an unknown key id
CLAIMS = ["iss", "aud", "sub", "iat", "exp"]

Keys = dict[str, jwt.PyJWK]


class Google:
    """Speaks to the issuer; the browser goes to `authorize_at`, which is known without asking it."""

    name: ClassVar[str] = "google"

    def __init__(self, client: OAuthClient, http: ProviderHttp, issuer: str, authorize_at: str, clock: Clock) -> None:
        self._client = client
        self._http = http
        self._issuer = issuer
        self._authorize_at = authorize_at
        self._discovered = Cached(self._discover, clock)
        self._keys = Cached(self._fetch_keys, clock)

    def authorize_url(self, flow: Flow, redirect_uri: str) -> str:
        request = self._client.request(flow, redirect_uri, SCOPE) | {"nonce": flow.nonce}
        return with_query(self._authorize_at, request)

    async def identify(self, code: str, flow: Flow, redirect_uri: str) -> Identity:
        """See Provider. Also raises TokenRejected."""
        token_endpoint = (await self._discovered.get(LIFE_SECONDS))["token_endpoint"]
        answer = await self._http.post(token_endpoint, self._client.redemption(code, flow, redirect_uri))
        if "access_token" not in as_object(answer):
            raise Unreachable(f"{token_endpoint}: no token")
        if not isinstance(answer.get("id_token"), str):
            raise OAuthNoEmail
        claims = await self._verified(answer["id_token"])
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), flow.nonce.encode()):
            raise TokenRejected("id token of another sign-in")
        return _identity(claims)

    async def read_id_token(self, token: str) -> Identity:
        """Who an id token is about.

        Raises:
            TokenRejected: forged, expired, or made for somebody else.
            ProviderError: the keys are out of reach.
        """
        return _identity(await self._verified(token))

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or not isinstance(header.get("kid"), str):
                raise TokenRejected("id token not signed as Google signs")
            key = await self._key(header["kid"])
            if key is None:
                raise TokenRejected("id token signed with an unknown key")
            # `iat` is not judged: clocks differ by seconds, and `exp` is what bounds the life of a token.
            return jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._client.id,
                issuer=(self._issuer, self._issuer.removeprefix("https://")),  # Google uses both
                options={"require": CLAIMS, "verify_iat": False, "strict_aud": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise TokenRejected(f"id token: {type(error).__name__}") from error

    async def _key(self, kid: str) -> jwt.PyJWK | None:
        key = (await self._keys.get(LIFE_SECONDS)).get(kid)
        return key or (await self._keys.get(REFETCH_SECONDS)).get(kid)

    async def _discover(self) -> dict[str, str]:
        place = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        document = as_object(await self._http.get(place))
        if document.get("issuer") != self._issuer:
            raise Unreachable(f"{place}: names another issuer")
        try:
            return {name: private_address(str(document.get(name))) for name in ("token_endpoint", "jwks_uri")}
        except ValueError as error:
            raise Unreachable(f"{place}: {error}") from error

    async def _fetch_keys(self) -> Keys:
        place = (await self._discovered.get(LIFE_SECONDS))["jwks_uri"]
        listed = as_object(await self._http.get(place)).get("keys")
        keys = dict(_usable(listed if isinstance(listed, list) else []))
        if not keys:
            raise Unreachable(f"{place}: no keys")
        return keys


def _usable(listed: list[Any]) -> list[tuple[str, jwt.PyJWK]]:
    """The RSA keys for signatures, by their ids; what else stands there is none of our business."""
    found = []
    for entry in listed:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
            continue
        if entry.get("alg", ALGORITHM) == ALGORITHM and isinstance(entry.get("kid"), str):
            try:
                found.append((entry["kid"], jwt.PyJWK(entry, ALGORITHM)))
            except (jwt.PyJWTError, ValueError, TypeError):
                continue
    return found


def _identity(claims: dict[str, Any]) -> Identity:
    if not is_subject(claims["sub"]):
        raise TokenRejected("id token names nobody")
    return Identity(Google.name, claims["sub"], address(claims.get("email")), claims.get("email_verified") is True)
