"""What accounts refuse."""

from app.core.errors import DomainError


class TokenInvalid(DomainError):
    """The access token was not issued by us, or was damaged."""

    code = "AUTH_TOKEN_INVALID"
    detail = "The access token is not valid."


class TokenExpired(DomainError):
    """The access token is past its time; refresh it."""

    code = "AUTH_TOKEN_EXPIRED"
    detail = "The access token has expired."


class AccountDeactivated(DomainError):
    """The account is missing or was deactivated."""

    code = "AUTH_ACCOUNT_DEACTIVATED"
    detail = "Account deactivated. Contact support."


class Forbidden(DomainError):
    """Only administrators may do this."""

    code = "AUTH_FORBIDDEN"
    detail = "Only administrators may do this."
