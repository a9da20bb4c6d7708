"""What sign-in with a provider refuses, and what can go wrong on the way to one."""

from app.core.errors import DomainError


class OAuthNotConfigured(DomainError):
    """The shop has no client id at this provider."""

    code = "AUTH_OAUTH_NOT_CONFIGURED"
    detail = "This shop does not offer sign-in with this provider."


class OAuthFailed(DomainError):
    """The state does not fit, the buyer or the provider said no, or the provider is out of reach."""

    code = "AUTH_OAUTH_FAILED"
    detail = "The sign-in with the provider did not succeed. Please start it again."


class OAuthNoEmail(DomainError):
    """The provider names no address that can receive mail."""

    code = "AUTH_OAUTH_NO_EMAIL"
    detail = "The provider did not tell an e-mail address. Allow it to, or register with a password."


class OAuthEmailUnverified(DomainError):
    """The provider does not vouch for the address."""

    code = "AUTH_OAUTH_EMAIL_UNVERIFIED"
    detail = "The provider has not verified your e-mail address. Confirm it there, then try again."


class GoogleTokenInvalid(DomainError):
    """An id token that Google did not sign for this shop, or that is past its time."""

    code = "AUTH_GOOGLE_INVALID_TOKEN"
    detail = "The Google id token is not valid. Please sign in with Google again."


class ProviderUnavailable(DomainError):
    """The keys that tell true id tokens from forged ones cannot be had."""

    code = "AUTH_PROVIDER_UNAVAILABLE"
    detail = "The sign-in provider cannot be reached. Please try again."

    def retry_after(self) -> int:
        return 10


class ProviderError(Exception):
    """A provider could not be asked. The message is for the log and holds no secret."""


class Unreachable(ProviderError):
    """No answer, or none that makes sense."""


class Refused(ProviderError):
    """The provider says no (4xx)."""


class TokenRejected(ProviderError):
    """An id token that proves nothing."""
