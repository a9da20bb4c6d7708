"""What account operations take and give."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.accounts.emails import MAX_LENGTH, normalised_email
from app.accounts.models import UserRole
from app.accounts.names import no_invisible_characters, shown_name
from app.accounts.passwords import normalised_password
from app.accounts.repository import Account
from app.accounts.sessions import Tokens
from app.core.values import SingleLine, TimestampOut

MAX_NAME = 50


def _one_spelling(value: object) -> object:
    return normalised_password(value) if isinstance(value, str) else value


Email = Annotated[
    str,
    Field(max_length=MAX_LENGTH, examples=["reader@example.com"], json_schema_extra={"format": "email"}),
    AfterValidator(normalised_email),
]
DisplayName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME),
    Field(
        description=f"1 to {MAX_NAME} characters, trimmed, on one line, none of them invisible; no name of staff. "
        "Null: shown as `Reader <id>`.",
        examples=["Ada"],
        json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"},
    ),
    SingleLine,
    AfterValidator(no_invisible_characters),
]
Password = Annotated[
    str,
    Field(
        min_length=8,
        max_length=128,
        repr=False,
        description="Counted in the form NFKC. The most common passwords are refused.",
        examples=["correct horse battery staple"],
    ),
    BeforeValidator(_one_spelling),
]
GivenPassword = Annotated[str, Field(repr=False, examples=["correct horse battery staple"])]
MailedToken = Annotated[str, Field(repr=False, description="As it stands in the mailed link.", examples=["q3v…"])]
GivenRefreshToken = Annotated[str, Field(repr=False, examples=["Zm9v…"])]


class Register(BaseModel):
    """A new account."""

    email: Email
    password: Password
    display_name: DisplayName | None = None


class LogIn(BaseModel):
    """Address and password of an account."""

    email: Email
    password: GivenPassword


class Refresh(BaseModel):
    """A refresh token."""

    refresh_token: GivenRefreshToken


class ChangePassword(BaseModel):
    """The password of now and the one to come."""

    current_password: GivenPassword
    new_password: Password


class ChangeAccount(BaseModel):
    """What is left out stays as it is."""

    display_name: DisplayName | None = None
    restock_mails: bool | None = Field(
        default=None,
        description="Whether mails tell of pre-booked titles that are back in stock. Null: unchanged.",
        examples=[False],
    )

    def changes(self) -> dict[str, Any]:
        """The columns to set."""
        named = self.model_dump(exclude_unset=True)
        return {name: value for name, value in named.items() if value is not None or name == "display_name"}


class VerifyEmail(BaseModel):
    """The token of a confirmation mail."""

    token: MailedToken


class ForgotPassword(BaseModel):
    """Where to send the reset link."""

    email: Email


class ResetPassword(BaseModel):
    """The token of a reset mail and the password to come."""

    token: MailedToken
    new_password: Password


class TokensOut(BaseModel):
    """Use the access token as bearer; exchange the refresh token for new ones before it is too old."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind, not a password

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        return cls(access_token=tokens.access_token, refresh_token=tokens.refresh_token)


class AccountOut(BaseModel):
    """An account as its owner and the staff see it."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    id: int
    email: str = Field(examples=["reader@example.com"])
    full_name: None = None
    display_name: str = Field(examples=["Ada"])
    email_verified: bool
    role: UserRole
    is_active: bool
    created_at: TimestampOut
    restock_mails: bool

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            id=account.id,
            email=account.email,
            display_name=shown_name(account.id, account.display_name, is_staff=account.role is UserRole.ADMIN),
            email_verified=account.email_verified_at is not None,
            role=account.role,
            is_active=account.is_active,
            created_at=account.created_at,
            restock_mails=account.restock_mails,
        )


class Accepted(BaseModel):
    """The request was taken; a mail follows where there is reason for one."""

    detail: str
