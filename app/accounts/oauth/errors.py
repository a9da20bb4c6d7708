"""What sign-in with a provider refuses, and what can go wrong on the way to one."""

from http import HTTPStatus

from app.core.errors import DomainError


class OAuthNotConfigured(DomainError):
    """The shop has no client id at this provider."""

    code = "AUTH_OAUTH_NOT_CONFIGURED"
    status = HTTPStatus.NOT_FOUND
    title = "Sign-in provider not configured"
    detail = "This shop does not offer sign-in with this provider."


class OAuthFailed(DomainError):
    """The state does not fit, the buyer or the provider said no, or the provider is out of reach."""

    code = "AUTH_OAUTH_FAILED"
    status = HTTPStatus.UNAUTHORIZED
    title = "Sign-in with the provider failed"
    detail = "The sign-in with the provider did not succeed. Please start it again."


class OAuthNoEmail(DomainError):
    """The provider names no address that can receive mail."""

    code = "AUTH_OAUTH_NO_EMAIL"
    status = HTTPStatus.UNAUTHORIZED
    title = "No e-mail address from the provider"
    detail = "The provider did not tell an e-mail address. Allow it to, or register with a password."


class OAuthEmailUnverified(DomainError):
    """The provider does not vouch for the address."""

    code = "AUTH_OAUTH_EMAIL_UNVERIFIED"
    status = HTTPStatus.UNAUTHORIZED
    title = "E-mail address not verified by the provider"
    detail = "The provider has not verified your e-mail address. Confirm it there, then try again."


class GoogleTokenInvalid(DomainError):
    """An id token that Google did not sign for this shop, or that is past its time."""

    code = "AUTH_GOOGLE_INVALID_TOKEN"
    status = HTTPStatus.UNAUTHORIZED
    title = "Google id token not valid"
    detail = "The Google id token is not valid. Please sign in with Google again."


class ProviderUnavailable(DomainError):
    """The keys that tell true id tokens from forged ones cannot be had."""

    code = "AUTH_PROVIDER_UNAVAILABLE"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Sign-in provider out of reach"
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
