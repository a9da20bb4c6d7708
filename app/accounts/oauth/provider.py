"""What sign-in needs of a provider, and what Google and GitHub have in common."""

from typing import Any, ClassVar, Protocol
from urllib.parse import urlencode

from pydantic import SecretStr

from app.accounts.oauth.flow import Flow
from app.accounts.oauth.identity import Identity


class Provider(Protocol):
    """A service that people have an account at, under the id that the shop has there."""

    name: ClassVar[str]

    def authorize_url(self, flow: Flow, redirect_uri: str) -> str:
        """Where to send the browser; made without asking anybody."""
        ...

    async def identify(self, code: str, flow: Flow, redirect_uri: str) -> Identity:
        """Redeem the code that the browser brought back. It is good once: never call this twice for a code.

        Raises:
            ProviderError: the code is refused, or the provider is out of reach.
            OAuthNoEmail: it tells nothing of the person.
        """
        ...


class OAuthClient:
    """The shop as a client of a provider."""

    def __init__(self, client_id: str, secret: SecretStr | None) -> None:
        self.id = client_id
        self._secret = secret

    def request(self, flow: Flow, redirect_uri: str, scope: str) -> dict[str, str]:
        """The parameters of an authorization request."""
        return {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": flow.state,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }

    def redemption(self, code: str, flow: Flow, redirect_uri: str) -> dict[str, str]:
        """The form that redeems a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.id,
            "code_verifier": flow.verifier,
        }
        return form | ({"client_secret": self._secret.get_secret_value()} if self._secret else {})


def with_query(address: str, parameters: dict[str, str]) -> str:
    return f"{address}?{urlencode(parameters)}"


def as_object(content: Any) -> dict[str, Any]:
    """The JSON object, or an empty one for whatever else the provider gave."""
    return content if isinstance(content, dict) else {}
