"""What accounts refuse."""

from http import HTTPStatus

from app.core.errors import DomainError, InvalidInput


class TokenInvalid(DomainError):
    """The access token was not issued by us, or was damaged."""

    code = "AUTH_TOKEN_INVALID"
    status = HTTPStatus.UNAUTHORIZED
    title = "Access token not valid"
    detail = "The access token is not valid."


class TokenExpired(DomainError):
    """The access token is past its time; refresh it."""

    code = "AUTH_TOKEN_EXPIRED"
    status = HTTPStatus.UNAUTHORIZED
    title = "Access token expired"
    detail = "The access token has expired."


class AccountDeactivated(DomainError):
    """The account is missing or was deactivated."""

    code = "AUTH_ACCOUNT_DEACTIVATED"
    status = HTTPStatus.FORBIDDEN
    title = "Account deactivated"
    detail = "Account deactivated. Contact support."


class Forbidden(DomainError):
    """Only administrators may do this."""

    code = "AUTH_FORBIDDEN"
    status = HTTPStatus.FORBIDDEN
    title = "Not allowed"
    detail = "Only administrators may do this."


class EmailTaken(DomainError):
    """An account has this address already."""

    code = "AUTH_EMAIL_CONFLICT"
    status = HTTPStatus.CONFLICT
    title = "E-mail address already registered"
    detail = "An account with this e-mail address exists already. Sign in instead."
    field = "email"


class InvalidCredentials(DomainError):
    """Unknown address or wrong password; which of them is not told."""

    code = "AUTH_INVALID_CREDENTIALS"
    status = HTTPStatus.UNAUTHORIZED
    title = "Sign-in refused"
    detail = "Invalid email or password"


class NoPassword(DomainError):
    """The account is opened through a sign-in provider only."""

    code = "AUTH_OAUTH_ONLY_ACCOUNT"
    status = HTTPStatus.BAD_REQUEST
    title = "Account has no password"
    detail = "This account has no password. Sign in with your provider, or ask for a password reset."


class PasswordIncorrect(DomainError):
    """The current password given for a change is wrong."""

    code = "AUTH_PASSWORD_INCORRECT"
    status = HTTPStatus.BAD_REQUEST
    title = "Password not correct"
    detail = "The current password is not correct."
    field = "current_password"


class PasswordTooCommon(DomainError):
    """A password that is guessed first; `field` is where it was given."""

    code = "AUTH_PASSWORD_TOO_COMMON"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Password too common"
    detail = "This is one of the most common passwords. Please choose another one; a few words in a row will do."

    def __init__(self, field: str, detail: str | None = None) -> None:
        super().__init__(detail)
        self.field = field


class NameReserved(InvalidInput):
    """A display name that poses as the shop or its staff. On the wire it is an input that is not valid."""

    detail = "This name could be taken for the shop or its staff. Please choose another one."
    field = "display_name"

    def members(self) -> dict[str, object]:
        return {"errors": [{"loc": ["body", self.field], "msg": self.detail, "type": "value_error"}]}


class LinkInvalid(DomainError):
    """A mailed link that is unknown, used, expired, void or meant for something else."""

    code = "AUTH_LINK_INVALID"
    status = HTTPStatus.BAD_REQUEST
    title = "Link not valid"
    detail = "This link is not valid any more. Please ask for a new one."


class UnsubscribeLinkInvalid(LinkInvalid):
    """A link to unsubscribe that we did not sign, or not in full."""

    detail = "This link is not complete. Open the one in the mail, or choose your mails in your account."


class RefreshInvalid(DomainError):
    """The refresh token is unknown or past its time."""

    code = "AUTH_REFRESH_INVALID"
    status = HTTPStatus.UNAUTHORIZED
    title = "Refresh token not valid"
    detail = "The refresh token is not valid. Please sign in again."


class RefreshedTooOften(RefreshInvalid):
    """A session has had as many refresh tokens as one may within their life: it has ended, and that stays."""

    detail = "This session was refreshed too often, so it has ended. Please sign in again."
    keeps_changes = True


class TokenReuse(DomainError):
    """A refresh token came back after its use, so it may be stolen: its session has ended, and that stays."""

    code = "AUTH_TOKEN_REUSE"
    status = HTTPStatus.UNAUTHORIZED
    title = "Refresh token used before"
    detail = "This refresh token was used before, so its session has ended. Please sign in again."
    keeps_changes = True


class UserInactive(DomainError):
    """The account of a session or of a sign-in identity was deactivated."""

    code = "AUTH_USER_INACTIVE"
    status = HTTPStatus.UNAUTHORIZED
    title = "Account missing or inactive"
    detail = "This account is not active. Contact support."


class UserNotFound(DomainError):
    """No such account."""

    code = "USER_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Account not found"
    detail = "There is no account with this id."
    field = "user_id"


class AdminNotDeactivatable(DomainError):
    """Administrators, the caller among them, cannot be deactivated."""

    code = "ADMN_CANNOT_DEACTIVATE_ADMIN"
    status = HTTPStatus.FORBIDDEN
    title = "Administrators stay active"
    detail = "Cannot deactivate admin accounts"


class LastAdmin(DomainError):
    """The shop keeps an administrator who can sign in."""

    code = "USER_LAST_ADMIN"
    status = HTTPStatus.CONFLICT
    title = "Only administrator"
    detail = "This is the only administrator. Make another one before you take this one's role away."
