"""Sign-in with a provider, for whoever serves the browser: an operation that answers JSON, or a page.

The providers are asked while no transaction is open: nothing waits for them, and no repetition of a transaction asks
them twice, for a code is good once.
"""

import hmac
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.oauth.errors import (
    GoogleTokenInvalid,
    OAuthEmailUnverified,
    OAuthFailed,
    OAuthNoEmail,
    ProviderError,
    ProviderUnavailable,
    TokenRejected,
)
from app.accounts.oauth.flow import Flow, seal, unseal
from app.accounts.oauth.google import Google
from app.accounts.oauth.identity import Identity
from app.accounts.oauth.provider import Provider
from app.accounts.oauth.providers import Providers
from app.accounts.oauth.resolution import AccountResolution
from app.accounts.oauth.schemas import ProviderAnswer
from app.accounts.security.kinds import Kind, Way
from app.accounts.security.noting import note_refusal
from app.accounts.sessions import SessionService, TokenPolicy, Tokens
from app.core.db.transaction import Database
from app.core.errors import DomainError
from app.core.keys import KeyRing
from app.core.rate_limit import RateLimiter
from app.mail.outbox import Outbox

WAYS: dict[str, Way] = {"google": "google", "github": "github"}
REFUSED: dict[type[DomainError], str] = {
    OAuthFailed: "failed",
    OAuthNoEmail: "no_email",
    OAuthEmailUnverified: "email_unverified",
    GoogleTokenInvalid: "token_not_valid",
}
"""Refusals by the word that security events have for them; of a deactivated account `AccountResolution` tells."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the cookie it must bring back."""

    address: str
    cookie: str


class OAuthService:
    """Sends browsers to providers and takes them back."""

    def __init__(
        self,
        providers: Providers,
        database: Database,
        limiter: RateLimiter,
        outbox: Outbox,
        policy: TokenPolicy,
        keys: KeyRing,
    ) -> None:
        self._providers = providers
        self._database = database
        self._limiter = limiter
        self._outbox = outbox
        self._policy = policy
        self._keys = keys

    def begin(self, provider: str, redirect_uri: str) -> Departure:
        """Start a sign-in. Raises OAuthNotConfigured."""
        flow = Flow.begin()
        address = self._providers.named(provider).authorize_url(flow, redirect_uri)
        return Departure(address, seal(self._keys, provider, flow))

    async def finish(self, provider: str, redirect_uri: str, cookie: str | None, answer: ProviderAnswer) -> Tokens:
        """A session for whoever comes back with the cookie of `begin`. That cookie is good once.

        Raises:
            OAuthNotConfigured, OAuthNoEmail, OAuthEmailUnverified, UserInactive.
            OAuthFailed: wrong state, a refusal by person or provider, or a provider out of reach.
        """
        client = self._providers.named(provider)
        with _refusals_noted(provider):
            try:
                identity = await self._identify(client, redirect_uri, cookie, answer)
            except ProviderError as error:
                log.warning("sign-in with %s failed: %s", provider, error)
                raise OAuthFailed from error
            return await self._sign_in(identity)

    async def exchange(self, id_token: str) -> Tokens:
        """A session for whoever holds an id token that Google made for this shop.

        Raises:
            OAuthNotConfigured, GoogleTokenInvalid, OAuthNoEmail, OAuthEmailUnverified, UserInactive.
            ProviderUnavailable: its signature cannot be judged now.
        """
        with _refusals_noted(Google.name):
            try:
                identity = await self._providers.google.read_id_token(id_token)
            except TokenRejected as error:
                log.info("google: %s", error)
                raise GoogleTokenInvalid from error
            except ProviderError as error:
                log.warning("google: keys out of reach: %s", error)
                raise ProviderUnavailable from error
            return await self._sign_in(identity)

    async def _identify(
        self, provider: Provider, redirect_uri: str, cookie: str | None, answer: ProviderAnswer
    ) -> Identity:
        flow = await self._used_up(provider.name, cookie, answer.state)
        if answer.error or not answer.code:
            raise ProviderError(f"came back with {answer.error or 'neither code nor error'!r:.100}")
        return await provider.identify(answer.code, flow, redirect_uri)

    async def _used_up(self, provider: str, cookie: str | None, state: str | None) -> Flow:
        """The flow of the cookie, which is good for nothing from now on. Raises ProviderError."""
        flow = unseal(self._keys, provider, cookie or "")
        if flow is None:
            raise ProviderError("no cookie of a sign-in, or an old one")
        if not hmac.compare_digest(flow.state.encode(), (state or "").encode()):
            raise ProviderError("the state is not that of the cookie")
        if not await self._limiter.spend("oauth state", flow.state, datetime.fromtimestamp(flow.started, UTC)):
            raise ProviderError("the state was used before")
        return flow

    async def _sign_in(self, identity: Identity) -> Tokens:
        async def work(session: AsyncSession) -> Tokens:
            account = await AccountResolution(session, self._outbox).account_of(identity)
            return await SessionService(session, self._policy).open(account, WAYS[identity.provider])

        return await self._database.transaction(work)


@contextmanager
def _refusals_noted(provider: str) -> Iterator[None]:
    try:
        yield
    except tuple(REFUSED) as error:
        note_refusal(Kind.PROVIDER_REFUSED, provider=provider, reason=REFUSED[type(error)])
        raise
