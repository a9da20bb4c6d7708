"""The providers of this shop, as its settings name them."""

import logging
import time

from app.accounts.oauth.cached import Clock
from app.accounts.oauth.errors import OAuthNotConfigured
from app.accounts.oauth.github import GitHub
from app.accounts.oauth.google import Google
from app.accounts.oauth.http import ProviderHttp
from app.accounts.oauth.provider import OAuthClient, Provider
from app.core.config import Settings
from app.core.parts import Part

log = logging.getLogger(__name__)

LABELS = {Google.name: "Google", GitHub.name: "GitHub"}


class Providers:
    """A provider is there when the shop has a client id at it."""

    def __init__(self, settings: Settings, clock: Clock = time.monotonic) -> None:
        self._http = ProviderHttp(settings.oauth_timeout_seconds)
        self._google = _google(settings, self._http, clock)
        self._github = _github(settings, self._http)

    @property
    def google(self) -> Google:
        """Raises OAuthNotConfigured."""
        if self._google is None:
            raise OAuthNotConfigured
        return self._google

    def named(self, name: str) -> Provider:
        """Raises OAuthNotConfigured."""
        if name == Google.name:
            return self.google
        if name == GitHub.name and self._github:
            return self._github
        raise OAuthNotConfigured

    async def aclose(self) -> None:
        """Close the connections to them."""
        await self._http.aclose()


PROVIDERS = Part[Providers]("oauth")


def warn_of_missing_secrets(settings: Settings) -> None:
    """Tell the log of providers with a client id alone: they refuse what the browser brings back."""
    given = {
        "GOOGLE": (settings.google_client_id, settings.google_client_secret),
        "GITHUB": (settings.github_client_id, settings.github_client_secret),
    }
    for name, (client_id, secret) in given.items():
        if client_id and not secret:
            log.warning("sign-in by browser will fail: %s_CLIENT_SECRET is not set", name)


def _google(settings: Settings, http: ProviderHttp, clock: Clock) -> Google | None:
    if not settings.google_client_id:
        return None
    client = OAuthClient(settings.google_client_id, settings.google_client_secret)
    return Google(client, http, settings.google_issuer, settings.google_authorize_url, clock)


def _github(settings: Settings, http: ProviderHttp) -> GitHub | None:
    if not settings.github_client_id:
        return None
    client = OAuthClient(settings.github_client_id, settings.github_client_secret)
    return GitHub(client, http, settings.github_url.rstrip("/"), settings.github_api_url.rstrip("/"))
